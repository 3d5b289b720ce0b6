"""Grey pixels in, the network's input out."""
