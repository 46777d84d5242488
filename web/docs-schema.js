// SPDX-License-Identifier: Apache-2.0
// JSON Schema as a tree that opens by parts, so that nothing is drawn that nobody looks at.
import {make, rich} from './dom.js';

/** Follows $ref through the document. */
export function resolve(document, value) {
  let found = value;
  while (found?.$ref) {
    found = found.$ref.slice(2).split('/').reduce((part, name) => (
      part[name.replaceAll('~1', '/').replaceAll('~0', '~')]), document);
  }
  return found;
}

function nameOf(schema) {
  return schema.$ref?.split('/').at(-1);
}

function typeOf(document, schema) {
  const target = resolve(document, schema);
  if (target.const !== undefined) {
    return JSON.stringify(target.const);
  }
  if (target.anyOf) {
    return 'one of these';
  }
  const type = [target.type ?? 'any'].flat().join(' or ');
  return type === 'array' && target.items ? `array of ${typeOf(document, target.items)}` : type;
}

function limitsOf(target) {
  const number = new Intl.NumberFormat('en', {maximumSignificantDigits: 8});
  const parts = [];
  if (target.minimum !== undefined || target.maximum !== undefined) {
    const ends = [target.minimum, target.maximum].map((end) => (end === undefined ? '…' : number.format(end)));
    parts.push(`${ends[0]} to ${ends[1]}`);
  }
  if (target['x-unit'] && target['x-unit'] !== '1') {
    parts.push(target['x-unit']);
  }
  if (target.minLength !== undefined || target.maxLength !== undefined) {
    parts.push(`${target.minLength ?? 0} to ${target.maxLength ?? '…'} characters`);
  }
  if (target.pattern) {
    parts.push(`as ${target.pattern}`);
  }
  if (target.format) {
    parts.push(target.format);
  }
  return parts.join(', ');
}

function choices(target) {
  return target.enum ? make('div', {}, ...target.enum.flatMap((each, index) => [
    index ? ', ' : '', make('code', {}, String(each))])) : null;
}

/** The parts below a schema: null where there are none. */
function partsOf(document, schema) {
  const target = resolve(document, schema);
  if (target.allOf) {
    return merged(document, target.allOf);
  }
  if (target.anyOf) {
    return target.anyOf.map((each) => ({label: resolve(document, each).title ?? nameOf(each) ?? '', schema: each}));
  }
  if (target.properties) {
    const required = target.required ?? [];
    return Object.entries(target.properties).map(([name, each]) => (
      {name, schema: each, required: required.includes(name)}));
  }
  return target.items ? partsOf(document, target.items) : null;
}

/** allOf here means: the first schema, with some properties narrowed by the others. */
function merged(document, schemas) {
  const narrowed = Object.assign({}, ...schemas.slice(1).map((each) => resolve(document, each).properties));
  return partsOf(document, schemas[0]).map((part) => (
    {...part, schema: narrowed[part.name] ? {type: 'string', ...narrowed[part.name]} : part.schema}));
}

function heading(document, part) {
  const target = resolve(document, part.schema);
  const limits = limitsOf(target);
  return [
    part.name ? make('code', {}, part.name) : null,
    make('span', {}, part.label ?? ''), ' ',
    make('span', {class: 'type'}, [typeOf(document, part.schema), limits].filter(Boolean).join(', ')),
    part.required ? make('span', {class: 'required'}, ' required') : null,
  ];
}

function item(document, part) {
  const target = resolve(document, part.schema);
  const about = [target.description ? make('div', {class: 'quiet small'}, ...rich(target.description)) : null,
    choices(target)];
  if (!partsOf(document, part.schema)) {
    return make('li', {}, ...heading(document, part), ...about);
  }
  const details = make('details', {ontoggle: open}, make('summary', {}, ...heading(document, part)), ...about);
  function open() {
    if (details.open && !details.querySelector(':scope > ul')) {
      details.append(list(document, part.schema));
    }
  }
  return make('li', {}, details);
}

function list(document, schema) {
  return make('ul', {}, ...partsOf(document, schema).map((part) => item(document, part)));
}

export function schemaView(document, schema) {
  const target = resolve(document, schema);
  const title = make('div', {}, make('strong', {}, nameOf(schema) ?? ''), ' ',
    make('span', {class: 'type'}, [typeOf(document, schema), limitsOf(target)].filter(Boolean).join(', ')));
  return make('div', {class: 'schema'}, title,
    target.description ? make('div', {class: 'quiet small'}, ...rich(target.description)) : null,
    choices(target), partsOf(document, schema) ? list(document, schema) : null);
}
