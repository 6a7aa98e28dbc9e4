// Small helpers around the DOM. Text always becomes text nodes: nothing here or in the pages parses markup.

// Makes an element. `attributes`: "class", "testid" and "data-..." as one expects; "onclick" and the like add
// listeners; true and false set and leave out; the rest are attributes. Children: nodes, texts, lists, null.
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (name === 'testid') node.dataset.testid = value;
    else node.setAttribute(name, value === true ? '' : value);
  }
  append(node, children);
  return node;
}

function append(node, children) {
  for (const child of children.flat(3)) {
    if (child !== null && child !== undefined && child !== false) node.append(child);
  }
}

// Makes `parent` hold one child for each of `items`, in their order. Children of items that were there before are
// kept, and with them focus, scroll and what has been typed.
export function reconcile(parent, items, keyOf, make, update = () => {}) {
  const before = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  let cursor = parent.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    let node = before.get(key);
    if (node) {
      before.delete(key);
    } else {
      node = make(item);
      node.dataset.key = key;
    }
    update(node, item);
    if (node === cursor) cursor = cursor.nextElementSibling;
    else parent.insertBefore(node, cursor);
  }
  for (const node of before.values()) node.remove();
}

// Builds the children of `node` anew, but only if `signature` is not the one they were built from.
export function rebuild(node, signature, build) {
  const text = JSON.stringify(signature);
  if (node.builtFrom === text) return;
  node.builtFrom = text;
  node.replaceChildren();
  append(node, [build()]);
}

// Sets the text of an element if it differs, so that screen readers are not told again.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export const byId = (id) => document.getElementById(id);

const ICONS = {
  'pass-on': ['20 20', 'M3 10h12M11 5.5 15.5 10 11 14.5'],
  done: ['20 20', 'M4 10.5 8.2 14.5 16 6'],
  hold: ['20 20', 'M7.5 5v10M12.5 5v10'],
  play: ['20 20', 'M7 5l8 5-8 5z'],
  one: ['18 12', 'M4 6.5 7 9.5 13.5 2.5'],
  two: ['18 12', 'M1 6.5 4 9.5 10.5 2.5M7.5 8.5l1 1L15.5 2.5'],
  clock: ['18 12', 'M9 3v3l2 1.5M9 1a5 5 0 1 1 0 10A5 5 0 0 1 9 1z'],
};

// An icon, drawn in the colour of the text around it. It needs nothing from the server, which may be away.
export function icon(name) {
  const [size, path] = ICONS[name];
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('viewBox', `0 0 ${size}`);
  svg.setAttribute('aria-hidden', 'true');
  const line = document.createElementNS(space, 'path');
  line.setAttribute('d', path);
  svg.append(line);
  return svg;
}

// A round mark with somebody's initials, in a colour that stays theirs.
export function avatar(name, id = name) {
  const letters = name.trim().split(/\s+/).map((word) => [...word][0] ?? '');
  const initials = (letters.length > 1 ? letters[0] + letters.at(-1) : [...name.trim()].slice(0, 2).join('')) || '?';
  let hue = 0;
  for (const letter of id) hue = (hue * 31 + letter.codePointAt(0)) % 12;
  return h('span', {class: 'avatar', 'data-hue': String(hue), 'aria-hidden': 'true'}, initials.toUpperCase());
}

// A VIP level, as a badge; null for none.
export function vipBadge(level) {
  if (!level) return null;
  return h('span', {class: 'vip', 'data-level': level, testid: 'vip'}, `${level[0].toUpperCase()}${level.slice(1)} VIP`);
}
