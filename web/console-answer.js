// SPDX-License-Identifier: Apache-2.0
// What a model said: entities in their text, or labels with their scores.
import {make} from './dom.js';

const COLOUR_COUNT = 8;

const percent = new Intl.NumberFormat('en', {style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1});

/** Offsets count code points, as the server does; a string here counts UTF-16 units. */
export function codePoints(text) {
  return Array.from(text);
}

function colours(entities) {
  const labels = [...new Set(entities.map((each) => each.label))].sort();
  return new Map(labels.map((label, index) => [label, `tag-${index % COLOUR_COUNT}`]));
}

function about(entity) {
  return `${entity.label}, ${percent.format(entity.score)}, ${entity.start} to ${entity.end}`;
}

/** What is said of a mark near the right edge stays within the text. */
function keepWithin(event) {
  const note = event.currentTarget.querySelector('.about');
  note.style.left = '0';
  const beyond = note.getBoundingClientRect().right - note.closest('.text').getBoundingClientRect().right;
  note.style.left = `${Math.min(0, -beyond)}px`;
}

function entityMark(entity, text, colour) {
  return make('mark', {class: `entity ${colour}`, tabindex: '0', onfocus: keepWithin, onmouseenter: keepWithin}, text,
    make('small', {'aria-hidden': 'true'}, entity.label), make('span', {class: 'about', role: 'note'}, about(entity)));
}

export function highlighted(text, entities) {
  const points = codePoints(text);
  const colour = colours(entities);
  const parts = [];
  let at = 0;
  for (const entity of entities) {
    parts.push(points.slice(at, entity.start).join(''));
    parts.push(entityMark(entity, points.slice(entity.start, entity.end).join(''), colour.get(entity.label)));
    at = entity.end;
  }
  parts.push(points.slice(at).join(''));
  return make('p', {class: 'text'}, ...parts);
}

function legend(entities) {
  const items = [...colours(entities)].map(([label, colour]) => {
    const count = entities.filter((each) => each.label === label).length;
    return make('li', {class: colour}, `${label} × ${count}`);
  });
  return make('ul', {class: 'legend', 'aria-label': 'Labels and how often each was found'}, ...items);
}

function entityTable(text, entities) {
  const points = codePoints(text);
  const rows = entities.map((entity) => make('tr', {}, make('td', {}, entity.label),
    make('td', {}, points.slice(entity.start, entity.end).join('')), make('td', {class: 'score'}, percent.format(entity.score)),
    make('td', {class: 'score'}, `${entity.start} to ${entity.end}`)));
  return make('details', {}, make('summary', {}, 'As a table'), make('div', {class: 'table', tabindex: '0',
    role: 'group', 'aria-label': 'Entities'}, make('table', {}, make('thead', {}, make('tr', {},
    ...['Label', 'Text', 'Score', 'Code points'].map((name) => make('th', {scope: 'col'}, name)))),
  make('tbody', {}, ...rows))));
}

function entitiesView(answer, text) {
  if (answer.entities.length === 0) {
    return [make('p', {}, make('strong', {}, 'Nothing found.'))];
  }
  return [legend(answer.entities), highlighted(text, answer.entities), entityTable(text, answer.entities)];
}

function predictionsView(answer) {
  const items = answer.predictions.map(({label, score}) => {
    const meter = make('meter', {min: '0', max: '1', value: String(score), 'aria-label': label});
    return make('li', {}, make('span', {}, label), make('span', {class: 'score'}, percent.format(score)), meter);
  });
  return [answer.abstained ? make('p', {class: 'bad'}, make('strong', {}, `The model abstains: ${answer.abstained}.`)) : null,
    make('ol', {class: 'predictions', 'aria-label': 'Labels, best first'}, ...items)];
}

function foot(answer) {
  const {name, version} = answer.model;
  return make('p', {class: 'quiet small'}, `${name}, version ${version}; ${(answer.timing_us.total / 1000).toFixed(1)} ms, `
    + `of which the network took ${(answer.timing_us.infer / 1000).toFixed(1)} ms`);
}

/** text: what was asked about, where it was a note. */
export function answerParts(answer, text) {
  const warnings = answer.warnings.map((each) => make('li', {}, each.message));
  return [...(answer.entities ? entitiesView(answer, text) : predictionsView(answer)),
    warnings.length > 0 ? make('ul', {class: 'warnings quiet'}, ...warnings) : null, foot(answer)];
}

/** In one sentence, for who listens. */
export function answerSaid(answer) {
  if (answer.entities) {
    return `${answer.entities.length} ${answer.entities.length === 1 ? 'entity' : 'entities'} found.`;
  }
  const [best] = answer.predictions;
  return answer.abstained ? 'The model abstains.' : `${best.label}, ${percent.format(best.score)}.`;
}

export function problemParts(problem, answer) {
  const errors = (problem?.errors ?? []).map((each) => make('li', {}, make('code', {}, each.pointer), ` ${each.message}`));
  return [make('div', {class: 'problem', role: 'alert'},
    make('p', {}, make('strong', {class: 'bad'}, `${answer.status || ''} ${problem?.title ?? answer.reason}`)),
    problem?.detail ? make('p', {}, problem.detail) : null, errors.length > 0 ? make('ul', {}, ...errors) : null)];
}
