/**
 * What an inspector of one kind of layer offers, and the numbers that it gets.
 *
 * Types alone, for readers and for `npm run types`; a browser never loads this file.
 */

/** An array (H, W, C) in C order; of a kernel (KH, KW, C). */
export interface Volume {
  shape: [number, number, number];
  values: Float32Array;
}

/** An array (H, W) in C order: one map. */
export interface Plane {
  shape: [number, number];
  values: Float32Array;
}

export interface Vector {
  shape: [number];
  values: Float32Array;
}

/** A layer as `GET /model` describes it. */
export interface LayerDescription {
  /** Its place in the network. */
  index: number;
  name: string;
  /** The name of its class. */
  kind: string;
  description: string;
  /** Which inspector shows it: `convolution`, `pooling`, `dense`, `elementwise`, `reshape`, `whole`. */
  view: string;
  /** What becomes of a number x, in words; `{name}` stands for a number of the detail. */
  rule: string;
  /** The file that computes it. */
  source: string;
  /** Where to read on, from the root of the service. */
  links: { chapter?: string; code?: string; loops?: string };
  input_shape: number[];
  output_shape: number[];
}

/** How the answer's scores become probabilities. */
export interface Scores {
  logits: number[];
  temperature: number;
}

/**
 * Shows the arithmetic of a layer: convolution.js, pooling.js, dense.js and elementwise.js each have
 * a class of this interface, made with a `LayerDescription`.
 *
 * `Detail` holds the numbers of one map of the layer, as `POST /explain?layer=…&channel=…` answers
 * them.
 */
export interface LayerInspector<Detail> {
  /** What is shown. */
  node: HTMLElement;
  /** What one of the layer's `count` maps, or one number of its vector, is called. */
  nameOf(channel: number, count: number): string;
  /** Show the numbers of a drawing. */
  show(detail: Detail, scores: Scores): void;
  /** Show that there is no drawing. */
  clear(): void;
}

/** How the windows of a layer lie on its input, by rows and by columns. */
interface Windows {
  stride: [number, number];
  /** Zeros before and after. */
  padding: [[number, number], [number, number]];
  /** Steps between the pixels under neighbours in a kernel; 1 if left out. */
  dilation?: [number, number];
}

export interface ConvolutionDetail extends Windows {
  /** Which output map this is. */
  channel: number;
  input: Volume;
  kernel: Volume;
  bias: number;
  output: Plane;
}

export interface PoolingDetail extends Windows {
  input: Plane;
  output: Plane;
  pool: [number, number];
}

export interface DenseDetail {
  /** Which of the layer's numbers this is. */
  channel: number;
  input: Vector;
  /** Of this number alone. */
  weights: Vector;
  bias: number;
  output: number;
}

/** What came back to a layer and what it sends on; of a convolution and a dense layer, see above. */
export interface GradientDetail {
  input: Volume | Plane | Vector | number;
  output: Volume | Plane | Vector | number;
  /** What went in; of a pooling, `pooled` is what came out. */
  x?: Plane | number;
  pooled?: Plane;
  pool?: [number, number];
}

/** One map, one number of a vector, or all of an array whose parts cannot be shown one by one. */
export interface ElementwiseDetail {
  input: Volume | Plane | Vector | number;
  output: Volume | Plane | Vector | number;
  /** Numbers that the layer has for this map, such as `gamma`. */
  [name: string]: Volume | Plane | Vector | number;
}
