// SPDX-License-Identifier: Apache-2.0
// /openapi.json as a page.
import {block, make, paragraphs, rich} from './dom.js';
import {resolve, schemaView} from './docs-schema.js';
import {tryView} from './docs-try.js';

function operationsOf(document) {
  return Object.entries(document.paths).flatMap(([path, item]) => Object.entries(item).map(
    ([method, operation]) => ({...operation, path, method: method.toUpperCase()})));
}

function methodBadge(method) {
  return make('span', {class: `method ${method.toLowerCase()}`}, method);
}

function parametersView(document, operation) {
  const items = operation.parameters.map((each) => resolve(document, each)).map((parameter) => make('div', {},
    make('dt', {}, make('code', {}, parameter.name), make('span', {class: 'quiet small'},
      ` ${parameter.in}${parameter.required ? ', required' : ''}`)),
    make('dd', {}, ...rich(parameter.description))));
  return [make('h4', {}, 'Parameters'), make('dl', {class: 'parameters'}, ...items)];
}

/** Schema and examples of each media type. */
function contentView(document, content) {
  return Object.entries(content ?? {}).flatMap(([type, each]) => [
    make('p', {class: 'small'}, make('code', {}, type)),
    each.schema ? schemaView(document, each.schema) : null,
    ...Object.entries(each.examples ?? {}).map(([name, example]) => make('details', {},
      make('summary', {}, `Example: ${name}`), block(`Example ${name}`, JSON.stringify(example.value, null, 2)))),
  ]);
}

function requestView(document, operation) {
  if (!operation.requestBody) {
    return [];
  }
  return [make('h4', {}, 'Body'), ...paragraphs(operation.requestBody.description),
    ...Object.entries(operation.requestBody.content).map(([type, content]) => lazy(
      make('code', {}, type), () => contentView(document, {[type]: content}).slice(1)))];
}

/** Details whose content is made when it is first opened. */
function lazy(title, content) {
  const details = make('details', {ontoggle: open}, make('summary', {}, title));
  function open() {
    if (details.open && details.children.length === 1) {
      details.append(...content().filter(Boolean));
    }
  }
  return details;
}

function headersView(document, headers) {
  return Object.entries(headers ?? {}).map(([name, header]) => make('p', {class: 'small'},
    make('code', {}, name), ' ', make('span', {class: 'quiet'}, ...rich(resolve(document, header).description))));
}

function responseView(document, status, each) {
  const response = resolve(document, each);
  const title = make('span', {}, make('span', {class: `status-code ${status < '400' ? 'good' : 'bad'}`}, status),
    response.description);
  return lazy(title, () => [...contentView(document, response.content), ...headersView(document, response.headers)]);
}

/** Refusals that every operation has are about the message, not about what it asks for. */
function responsesView(document, operation, common) {
  const own = [];
  const ofAll = [];
  for (const [status, each] of Object.entries(operation.responses)) {
    (common.has(status) ? ofAll : own).push(responseView(document, status, each));
  }
  return [make('h4', {}, 'Answers'), make('div', {class: 'responses'}, ...own,
    make('details', {class: 'of-all'}, make('summary', {}, `${ofAll.length} refusals that any request may get`), ...ofAll))];
}

function commonRefusals(operations) {
  const [first, ...others] = operations.map((each) => Object.keys(each.responses));
  return new Set(first.filter((status) => status >= '400' && others.every((each) => each.includes(status))));
}

function operationView(document, operation, common) {
  const title = make('h3', {id: `${operation.operationId}-title`}, methodBadge(operation.method),
    make('code', {}, operation.path), make('span', {class: 'summary'}, operation.summary));
  return make('section', {class: 'panel operation', id: operation.operationId,
    'aria-labelledby': `${operation.operationId}-title`},
  title, ...paragraphs(operation.description), tryView(document, operation),
  ...parametersView(document, operation), ...requestView(document, operation),
  ...responsesView(document, operation, common));
}

function limitsView(limits) {
  const rows = limits.map(({name, value, effect}) => make('div', {}, make('dt', {}, make('code', {}, name)),
    make('dd', {}, `${value.toLocaleString('en')} `, make('span', {class: 'quiet'}, effect))));
  return make('section', {class: 'group', 'aria-label': 'Limits', id: 'limits'}, make('h2', {}, 'limits', ' ',
    make('small', {}, 'What is beyond them is refused')), make('dl', {class: 'panel parameters'}, ...rows));
}

function contentsView(tag, operations) {
  return make('div', {}, make('h2', {}, tag.description), make('ul', {}, ...operations.map((operation) => (
    make('li', {}, make('a', {href: `#${operation.operationId}`, title: operation.summary},
      methodBadge(operation.method), make('span', {}, operation.path)))))));
}

function filterBy(text, operations) {
  const words = text.toLowerCase().split(/\s+/);
  for (const operation of operations) {
    const said = `${operation.method} ${operation.path} ${operation.summary} ${operation.description}`.toLowerCase();
    const isShown = words.every((word) => said.includes(word));
    document.getElementById(operation.operationId).hidden = !isShown;
    document.querySelector(`#contents a[href="#${operation.operationId}"]`).parentElement.hidden = !isShown;
  }
  for (const group of document.querySelectorAll('.group, #contents > div')) {
    group.hidden = !group.querySelector('section:not([hidden]), li:not([hidden])');
  }
}

function show(description) {
  const operations = operationsOf(description);
  const common = commonRefusals(operations);
  const main = document.getElementById('main');
  document.getElementById('version').textContent = description.info.version;
  if (description.paths['/console']) {
    document.getElementById('pages').append(make('a', {href: 'console'}, 'Console'));
  }
  main.replaceChildren(...paragraphs(description.info.description));
  for (const tag of description.tags) {
    const own = operations.filter((each) => each.tags.includes(tag.name));
    document.getElementById('contents').append(contentsView(tag, own));
    main.append(make('section', {class: 'group', 'aria-label': tag.description},
      make('h2', {}, tag.name, ' ', make('small', {}, tag.description)),
      ...own.map((each) => operationView(description, each, common))));
  }
  main.append(limitsView(description['x-galen-limits']));
  document.getElementById('all').open = matchMedia('(min-width: 56rem)').matches;
  document.getElementById('filter').addEventListener('input', (event) => filterBy(event.target.value, operations));
  document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
}

try {
  show(await (await fetch('openapi.json')).json());
} catch (error) {
  document.getElementById('main').replaceChildren(
    make('p', {role: 'alert'}, `openapi.json could not be read: ${error.message}`));
}
