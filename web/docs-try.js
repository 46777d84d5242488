// SPDX-License-Identifier: Apache-2.0
// The form that sends one operation's request.
import {block, field, make} from './dom.js';
import {answerView, copyButton, curlOf, send} from './exchange.js';
import {resolve} from './docs-schema.js';

const FORM = 'multipart/form-data';

function parameterControl(document, parameter) {
  const schema = resolve(document, parameter.schema);
  const first = Object.values(parameter.examples ?? {})[0]?.value ?? '';
  if (schema.enum) {
    const options = parameter.required ? schema.enum : ['', ...schema.enum];
    return make('select', {}, ...options.map((each) => (
      make('option', {value: each, selected: parameter.required && each === first}, each || 'not said'))));
  }
  return make('input', {type: 'text', value: parameter.required ? first : '', autocomplete: 'off',
    spellcheck: 'false', required: parameter.required});
}

function isBinary(document, schema) {
  return resolve(document, schema).format === 'binary';
}

/** A text, or a file in its place. */
function bodyControls(document, type, content, example) {
  const file = make('input', {type: 'file', accept: type.startsWith('image/') ? type : null});
  if (isBinary(document, content.schema)) {
    return {parts: [field('File', file)], read: () => file.files[0] ?? ''};
  }
  const text = make('textarea', {class: 'code', rows: '10', spellcheck: 'false'});
  text.value = example === undefined ? '' : typeof example === 'string' ? example : JSON.stringify(example, null, 2);
  return {parts: [field('Body', text), field('or a file', file)], read: () => file.files[0] ?? text.value};
}

/** Fields that are left empty are not sent. */
function formControls(document, content) {
  const {properties, required} = resolve(document, content.schema);
  const controls = Object.entries(properties).map(([name, schema]) => {
    const known = resolve(document, schema).enum;
    const control = isBinary(document, schema) ? make('input', {type: 'file', required: required.includes(name)})
      : known ? make('select', {}, ...['', ...known].map((each) => make('option', {value: each}, each || 'not said')))
        : make('input', {type: 'text', autocomplete: 'off'});
    return {name, control, shown: field(name, control, resolve(document, schema).description)};
  });
  return {
    parts: [make('div', {class: 'fields'}, ...controls.map((each) => each.shown))],
    read: () => controls.map(({name, control}) => [name, control.files ? control.files[0] : control.value])
      .filter(([, value]) => value),
  };
}

class TryForm {
  constructor(document, operation) {
    this.document = document;
    this.operation = operation;
    this.content = operation.requestBody?.content ?? {};
    this.parameters = operation.parameters.map((each) => {
      const parameter = resolve(document, each);
      return {...parameter, control: parameterControl(document, parameter)};
    });
    this.types = make('select', {onchange: () => this.chooseType()},
      ...Object.keys(this.content).map((type) => make('option', {}, type)));
    this.examples = make('select', {onchange: () => this.chooseExample()});
    this.bodyPlace = make('div', {class: 'stack'});
    this.curl = block('The request as curl', '', true);
    this.outcome = make('div', {class: 'outcome', role: 'status', 'aria-live': 'polite'});
    this.button = make('button', {class: 'primary'}, 'Send');
    this.form = this.makeForm();
    if (this.hasBody) {
      this.chooseType();
    }
    this.showCurl();
  }

  get hasBody() {
    return Object.keys(this.content).length > 0;
  }

  makeForm() {
    const fields = this.parameters.map((each) => (
      field(`${each.name}${each.required ? '' : ` (${each.in})`}`, each.control)));
    const controls = [
      make('div', {class: 'fields'}, ...fields),
      this.hasBody ? make('div', {class: 'fields'}, field('Content-Type', this.types),
        this.examplePlace = field('Example', this.examples)) : null,
      this.bodyPlace,
      make('div', {class: 'row'}, this.button, copyButton('Copy as curl', () => curlOf(this.request()))),
      this.curl,
    ];
    return make('form', {class: 'stack', onsubmit: (event) => this.submit(event),
      oninput: () => this.showCurl(), onchange: () => this.showCurl()}, ...controls);
  }

  chooseType() {
    const examples = Object.keys(this.content[this.types.value].examples ?? {});
    this.examples.replaceChildren(...examples.map((name) => make('option', {}, name)));
    this.examplePlace.hidden = examples.length === 0;
    this.chooseExample();
  }

  /** Parameters have examples of the same names. */
  chooseExample() {
    const content = this.content[this.types.value];
    const name = this.examples.value;
    for (const parameter of this.parameters.filter((each) => each.examples?.[name])) {
      parameter.control.value = parameter.examples[name].value;
    }
    this.body = this.types.value === FORM ? formControls(this.document, content)
      : bodyControls(this.document, this.types.value, content, content.examples?.[name]?.value);
    this.bodyPlace.replaceChildren(...this.body.parts);
  }

  request() {
    const said = (place) => this.parameters.filter((each) => each.in === place && each.control.value !== '')
      .map((each) => [each.name, each.control.value]);
    const path = said('path').reduce((text, [name, value]) => (
      text.replace(`{${name}}`, encodeURIComponent(value))), this.operation.path);
    const query = new URLSearchParams(said('query')).toString();
    const headers = said('header');
    if (this.hasBody && this.types.value !== FORM) {
      headers.unshift(['Content-Type', this.types.value]);
    }
    return {method: this.operation.method, path: `${path.slice(1)}${query ? `?${query}` : ''}`, headers,
      body: this.hasBody ? this.body.read() : null};
  }

  showCurl() {
    this.curl.firstChild.textContent = curlOf(this.request());
  }

  async submit(event) {
    event.preventDefault();
    if (this.button.getAttribute('aria-disabled') === 'true') {
      return;
    }
    this.button.setAttribute('aria-disabled', 'true');
    this.outcome.replaceChildren(answerView(await send(this.request())));
    this.button.setAttribute('aria-disabled', 'false');
  }
}

export function tryView(document, operation) {
  const details = make('details', {class: 'try', ontoggle: open}, make('summary', {}, 'Try it'));
  function open() {
    if (details.open && details.children.length === 1) {
      const {form, outcome} = new TryForm(document, operation);
      details.append(form, outcome);
    }
  }
  return details;
}
