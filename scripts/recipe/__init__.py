"""The recipe of the served network: what it learns from, how, and where it says "no digit".

    python scripts/train.py --recipe digits --out digits.npz

1. `pictures`: MNIST's training images but 5,000, which are held out and which everything is
   chosen by. Beside them, pictures that scripts/synthesis/ makes: digits written stroke by stroke
   in the styles of the world, printed in fonts, photographed, MNIST digits inked again with other
   pens, and things that are no digit. Each is drawn as a picture and goes through the service's
   own preprocessing, so that the network learns from what it will see.
2. `digits`: one network, trained with `OpenSetCrossEntropy`: ten digits, and none of them. AdamW,
   a one-cycle learning rate, an average of the weights along the way; the last epochs on
   pictures that are hardly distorted, since those are nearest to what is served.
3. `calibration`: the temperature is fitted on held-out digits; the threshold of the energy score
   is set where a chosen share of them passes.

Same seed, same machine: the same weights, bit for bit, interrupted or not.
"""
