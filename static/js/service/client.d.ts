/** The types of client.js; docs/api.md says what each field means. No browser loads this file. */

/** The bytes of a file; as a string, base64. */
export type Picture = Blob | ArrayBuffer | Uint8Array | string;

export interface Ranked {
  digit: number | null;
  label: string;
  probability: number;
}

export interface Read {
  digit: number | null;
  label: string | null;
  confidence: number;
  is_digit: boolean;
  probabilities: number[];
  /** What the network saw, if asked for. */
  input?: string;
}

export interface Reading extends Read {
  top: Ranked[];
}

export interface Signed {
  model: { name: string; version: string };
  time_ms: Record<string, number>;
  request_id: string;
  warnings?: string[];
}

export interface Prediction extends Reading, Signed {}

export interface WholeNumber extends Signed {
  text: string;
  /** `box` is x, y, width and height in pixels. */
  digits: (Read & { box: [number, number, number, number] })[];
  size: [number, number];
}

export interface Explanation extends Omit<Prediction, "input"> {
  input: Record<string, unknown>;
  layers: Record<string, unknown>[];
  scores: { logits: (number | null)[]; temperature: number };
  heatmap?: Record<string, unknown>;
  detail?: Record<string, unknown>;
}

export interface Options {
  top?: number;
  input?: boolean;
}

export interface ExplainOptions {
  maps?: boolean | number[];
  heatmap?: boolean;
  layer?: number;
  channel?: number;
  row?: number;
  column?: number;
}

/** Asks one service, and asks again while it is busy or away, for as long as it says. */
export class Client {
  /**
   * @param url where the service is; "" is the page's own
   * @param options `key` is sent as `Authorization: Bearer`, for services that ask for one
   */
  constructor(
    url?: string,
    options?: {
      key?: string;
      fetch?: typeof globalThis.fetch;
      sleep?: (milliseconds: number) => Promise<void>;
    },
  );
  predict(picture: Picture, options?: Options): Promise<Prediction>;
  /** At most `batch` pictures go in one request; there are as many as it takes. */
  predictMany(
    pictures: Iterable<Picture>,
    options?: Options & { batch?: number },
  ): Promise<Reading[]>;
  read(picture: Picture, options?: Pick<Options, "input">): Promise<WholeNumber>;
  explain(picture: Picture, options?: ExplainOptions): Promise<Explanation>;
  model(): Promise<Record<string, unknown>>;
}

export class ServiceError extends Error {
  /** 0 if the service did not answer. */
  status: number;
  code: string;
  /** Milliseconds. */
  retryAfter: number | null;
  get temporary(): boolean;
}
