// SPDX-License-Identifier: Apache-2.0
// Elements out of names, properties and children. A child that is a string becomes text:
// nothing here reads markup, whatever a note or a model's name holds.

/** Properties that begin with "on" are listeners; others are attributes. false and null: not there. */
export function make(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith('on')) {
      element.addEventListener(key.slice(2), value);
    } else if (value === true) {
      element.setAttribute(key, '');
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(key, value);
    }
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

let lastId = 0;

export function newId(prefix) {
  lastId += 1;
  return `${prefix}-${lastId}`;
}

/** A control with its label and, below, what is to be said of it. */
export function field(label, control, hint) {
  control.id ||= newId('field');
  const about = hint ? make('span', {class: 'quiet small', id: `${control.id}-hint`}, ...rich(hint)) : null;
  if (about) {
    control.setAttribute('aria-describedby', about.id);
  }
  return make('div', {class: 'field'}, make('label', {for: control.id}, label), control, about);
}

/** `code` in a text as elements. */
export function rich(text) {
  return text.split('`').map((part, index) => (index % 2 ? make('code', {}, part) : part));
}

export function paragraphs(text) {
  return text.split('\n\n').map((part) => make('p', {}, ...rich(part)));
}

/** Text that may be wider than its place, so that keys can scroll it. */
export function block(label, text, wrap = false) {
  return make('pre', {tabindex: '0', role: 'group', 'aria-label': label, class: wrap ? 'wrap' : null},
    make('code', {}, text));
}
