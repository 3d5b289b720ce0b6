/** Shorthands for the document. */

/** @returns {any} the element with this id; the template has all that are asked for */
export const byId = (id) => document.getElementById(id);

/**
 * Make an element: `element("button", { type: "button", onclick }, "Text", child)`. Properties are
 * set as properties; those with a dash in their name as attributes.
 *
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, any>} [properties]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function element(name, properties = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes("-") || key === "role") node.setAttribute(key, value);
    else node[key] = value;
  }
  node.append(...children);
  return node;
}

let names;

/** The names of the network's classes, in the order of its probabilities. */
export const classNames = () => (names ??= JSON.parse(byId("desk").dataset.classes));

/** Whether the network reads digits and nothing else. */
export const readsDigits = () => classNames().join() === "0,1,2,3,4,5,6,7,8,9";

export function svg(name, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

/** Change text only when it differs, so that screen readers hear it once. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
