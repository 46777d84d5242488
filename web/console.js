// SPDX-License-Identifier: Apache-2.0
// Asks a model and shows what it says. Which models there are, and what they take, is what
// openapi.json says.
import {block, make} from './dom.js';
import {answerView, copyButton, curlOf, jsonOf, send} from './exchange.js';
import {answerParts, answerSaid, problemParts} from './console-answer.js';
import {inputFor} from './console-input.js';

const byId = (id) => document.getElementById(id);

class Console {
  constructor(description) {
    this.description = description;
    this.models = description['x-galen-models'].filter((model) => model.task);
    this.examples = Object.entries(description.paths['/infer'].post.requestBody.content['application/json'].examples);
    byId('model').append(...this.models.map((model) => make('option', {value: model.name}, `${model.title} (${model.name})`)));
    byId('model').addEventListener('change', () => this.chooseModel());
    byId('ask').addEventListener('submit', (event) => {
      event.preventDefault();
      this.ask();
    });
    byId('ask').addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
        this.ask();
      }
    });
    this.chooseModel();
  }

  chooseModel() {
    this.model = this.models.find((each) => each.name === byId('model').value);
    const {tags, versions, task, media_types: types, vector} = this.model;
    const named = Object.entries(tags).map(([tag, version]) => make('option', {value: tag, selected: tag === 'current'},
      `${tag} (${version})`));
    byId('version').replaceChildren(...named, ...versions.map((each) => make('option', {value: each}, each)));
    byId('about').textContent = `${task.replaceAll('-', ' ')}; takes ${types.join(', ')}`;
    const schema = vector && this.description.components.schemas[vector.$ref.split('/').at(-1)];
    this.input = inputFor(this.model, this.samples(), schema);
    byId('input').replaceChildren(this.input.element);
  }

  /** Those of this model, without its name in theirs. */
  samples() {
    const {name} = this.model;
    return this.examples.filter(([, {value}]) => value.model === name).map(([key, {value}]) => (
      {name: key.replace(`${name}-`, ''), input: value.input, type: value.content_type}));
  }

  request() {
    const input = this.input.read();
    if (input === null) {
      return null;
    }
    const version = byId('version').value;
    const headers = [['Content-Type', input.type]];
    if (input.type === 'application/json') {
      return {method: 'POST', path: 'infer', headers, body: JSON.stringify({...input.body, version})};
    }
    const query = new URLSearchParams({model: this.model.name, version});
    return {method: 'POST', path: `infer?${query}`, headers, body: input.body};
  }

  async ask() {
    const request = this.request();
    const button = byId('send');
    if (request === null || button.getAttribute('aria-disabled') === 'true') {
      byId('said').textContent = request === null ? 'Choose a file first.' : '';
      return;
    }
    button.setAttribute('aria-disabled', 'true');
    const answer = await send(request);
    button.setAttribute('aria-disabled', 'false');
    this.show(request, answer);
  }

  show(request, answer) {
    const document = jsonOf(answer);
    const isAnswer = answer.status === 200 && document !== null;
    const parts = isAnswer ? answerParts(document, request.body) : problemParts(document, answer);
    this.input.mark?.(isAnswer ? [] : document?.errors ?? []);
    byId('answer').replaceChildren(...parts.filter(Boolean));
    byId('said').textContent = isAnswer ? answerSaid(document) : '';
    byId('answered').scrollIntoView({block: 'nearest'});
    byId('raw').replaceChildren(make('div', {class: 'exchanged'},
      make('div', {class: 'stack'}, make('div', {class: 'row'}, make('h3', {}, 'Request'), copyButton('Copy', () => curlOf(request))),
        block('The request as curl', curlOf(request), true)),
      make('div', {class: 'stack'}, make('h3', {}, 'Answer'), answerView(answer))));
  }
}

try {
  const page = new Console(await (await fetch('openapi.json')).json());
  byId('main').dataset.model = page.model.name;
} catch (error) {
  byId('about').textContent = `What models are there could not be read: ${error.message}`;
}
