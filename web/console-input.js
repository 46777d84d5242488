// SPDX-License-Identifier: Apache-2.0
// What a model is asked about: a note, a file or a vector. Each kind is {element, read}; read
// gives {content type, body}, or null after it has said what is missing.
import {field, make} from './dom.js';

function kindOf(model) {
  if (model.vector) {
    return 'vector';
  }
  return model.media_types.some((type) => type.startsWith('text/')) ? 'note' : 'file';
}

export function inputFor(model, samples, schema) {
  const makers = {note: noteInput, file: fileInput, vector: vectorInput};
  return makers[kindOf(model)](model, samples, schema);
}

function sampleButtons(samples, use) {
  if (samples.length === 0) {
    return null;
  }
  return make('div', {class: 'samples'}, make('span', {class: 'quiet small'}, 'Samples'),
    ...samples.map((each) => make('button', {type: 'button', onclick: () => use(each.input, each)}, each.name)));
}

/** Files may be dropped anywhere on the element. */
function takeDrops(element, take) {
  const mark = (isOver) => (event) => {
    event.preventDefault();
    element.classList.toggle('over', isOver);
  };
  element.addEventListener('dragover', mark(true));
  element.addEventListener('dragleave', mark(false));
  element.addEventListener('drop', (event) => {
    mark(false)(event);
    if (event.dataTransfer.files.length > 0) {
      take(event.dataTransfer.files[0]);
    }
  });
  return element;
}

function noteInput(model, samples) {
  const text = make('textarea', {rows: '10', spellcheck: 'false', autocomplete: 'off'});
  const use = (content) => {
    text.value = content;
    text.focus();
  };
  text.value = samples[0]?.input ?? '';
  const place = make('div', {class: 'stack note'}, field('Note', text, 'Paste a text, or drop a text file on it.'),
    sampleButtons(samples, use));
  takeDrops(text, async (file) => use(await file.text()));
  return {element: place, read: () => ({type: 'text/plain; charset=utf-8', body: text.value})};
}

function fileOf(base64, {name, type}) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return new File([bytes], `${name}.${type.split('/')[1]}`, {type});
}

function fileInput(model, samples) {
  let chosen = null;
  let address = null;
  const image = make('img', {alt: '', hidden: true});
  const name = make('p', {class: 'small'}, 'No file yet');
  const control = make('input', {type: 'file', accept: model.media_types.join(','),
    onchange: () => take(control.files[0])});
  function take(file) {
    if (!file) {
      return;
    }
    chosen = file;
    URL.revokeObjectURL(address);
    address = URL.createObjectURL(file);
    name.textContent = `${file.name}, ${file.size} bytes`;
    image.hidden = !file.type.startsWith('image/');
    image.alt = image.hidden ? '' : `What is asked about: ${file.name}`;
    image.src = image.hidden ? 'data:,' : address;
  }
  const drop = make('div', {class: 'drop'}, image, name, field(`File (${model.media_types.join(', ')})`, control),
    make('p', {class: 'quiet small'}, 'or drop it here'));
  takeDrops(drop, take);
  return {
    element: make('div', {class: 'stack'}, drop, sampleButtons(samples, (input, each) => take(fileOf(input, each)))),
    read() {
      if (!chosen) {
        control.focus();
        return null;
      }
      return {type: chosen.type || 'application/octet-stream', body: chosen};
    },
  };
}

/** A feature's schema is a number, or a choice of which a number is the first. */
function numberOf(schema) {
  return schema.anyOf?.find((each) => each.type === 'number') ?? schema;
}

function rangeOf(schema) {
  const {minimum, maximum} = numberOf(schema);
  const isEnd = (value) => value !== undefined && Math.abs(value) < 1e30;
  const ends = [isEnd(minimum) ? `from ${minimum}` : '', isEnd(maximum) ? `to ${maximum}` : ''].filter(Boolean);
  return [...ends, schema['x-unit'] === '1' ? '' : schema['x-unit']].filter(Boolean).join(' ');
}

function vectorInput(model, samples, schema) {
  const required = schema.required ?? [];
  const controls = Object.entries(schema.properties).map(([name, each]) => {
    const control = make('input', {type: 'text', inputmode: 'decimal', autocomplete: 'off', 'data-feature': name});
    return {name, control, shown: field(name, control,
      [rangeOf(each), required.includes(name) ? '' : 'may be empty'].filter(Boolean).join(', ') || 'any number')};
  });
  const use = (values) => controls.forEach(({name, control}) => {
    control.value = values[name] ?? '';
    control.removeAttribute('aria-invalid');
  });
  if (samples.length > 0) {
    use(samples[0].input);
  }
  const grid = make('fieldset', {class: 'stack'}, make('legend', {class: 'hidden'}, 'Features'),
    make('div', {class: 'features'}, ...controls.map((each) => each.shown)));
  return {
    element: make('div', {class: 'stack'}, sampleButtons(samples, use), grid),
    read: () => ({type: 'application/json', body: vectorBody(model, controls)}),
    mark: (errors) => controls.forEach((each) => markControl(each, errors)),
  };
}

/** What is no number goes as it was typed: the server says what is wrong with it. */
function vectorBody(model, controls) {
  const said = controls.filter(({control}) => control.value.trim() !== '').map(({name, control}) => {
    const number = Number(control.value);
    return [name, Number.isFinite(number) ? number : control.value];
  });
  return {model: model.name, input: Object.fromEntries(said)};
}

function markControl({name, control}, errors) {
  const pointer = `/input/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  const isWrong = errors.some((error) => error.pointer === pointer);
  control.toggleAttribute('aria-invalid', false);
  if (isWrong) {
    control.setAttribute('aria-invalid', 'true');
    control.focus();
  }
}
