// Elements made of text: nothing that a customer or LUISA wrote is ever read as HTML.

/** An element with attributes, listeners (`onclick: f`) and children; what is null or false is left out. */
export function el(name, attributes = {}, ...children) {
  return dressed(document.createElement(name), attributes, children);
}

/** A line drawing in a square of 24. */
export function icon(path, attributes = {}) {
  const svg = dressed(document.createElementNS("http://www.w3.org/2000/svg", "svg"), { viewBox: "0 0 24 24", "aria-hidden": "true", ...attributes }, []);
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

function dressed(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** The text with its web addresses as links. */
export function linked(text) {
  return text.split(/(https?:\/\/[^\s]*[^\s.,;:)])/).map((part, n) =>
    n % 2 === 0 ? part : el("a", { href: part, target: "_blank", rel: "noopener noreferrer" }, part));
}
