/** Bytes to base64 and back. */

export function toBase64(bytes) {
  let binary = "";
  // fromCharCode takes its bytes as arguments, and a call may not have too many.
  for (let i = 0; i < bytes.length; i += 0x8000) {
    binary += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  }
  return btoa(binary);
}

export function fromBase64(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** Little-endian 32-bit floats out of base64. */
export function floatsFromBase64(text) {
  return new Float32Array(fromBase64(text).buffer);
}

/** The alphabet that may stand in an address (RFC 4648, section 5), without padding. */
export function toBase64Url(bytes) {
  return toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export function fromBase64Url(text) {
  return fromBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
}
