// SPDX-License-Identifier: Apache-2.0
// One request to this server, shown with its answer and as a curl command. A request is
// {method, path, headers: [[name, value]], body: null | string | File | [[name, string | File]]}.
import {block, make} from './dom.js';

const SHOWN_SIZE_MAX = 200000;

function quote(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function curlBody(body) {
  if (body === null) {
    return [];
  }
  if (Array.isArray(body)) {
    return body.map(([name, value]) => (value instanceof File
      ? `-F ${quote(`${name}=@${value.name}`)}` : `--form-string ${quote(`${name}=${value}`)}`));
  }
  return [`--data-binary ${quote(body instanceof File ? `@${body.name}` : body)}`];
}

/** A string that begins with @ would name a file: curl reads it from --data-raw instead. */
export function curlOf(request) {
  const parts = [`curl ${quote(new URL(request.path, document.baseURI).href)}`];
  if (request.method !== 'GET' && request.body === null) {
    parts.push(`-X ${request.method}`);
  }
  parts.push(...request.headers.map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`));
  parts.push(...curlBody(request.body).map((part) => part.replace(/^--data-binary '@/, (whole) => (
    request.body instanceof File ? whole : "--data-raw '@"))));
  return parts.join(' \\\n  ');
}

function fetchBody(body) {
  if (!Array.isArray(body)) {
    return body;
  }
  const form = new FormData();
  body.forEach(([name, value]) => form.append(name, value));
  return form;
}

/** What came back; never throws: what keeps a server from answering is an answer too. */
export async function send(request) {
  const began = performance.now();
  try {
    const response = await fetch(request.path, {
      method: request.method,
      headers: request.headers,
      body: fetchBody(request.body) ?? undefined,
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
    });
    const bytes = await response.arrayBuffer();
    return {
      status: response.status,
      reason: response.statusText,
      headers: [...response.headers],
      type: response.headers.get('Content-Type') ?? '',
      bytes,
      elapsedMs: performance.now() - began,
    };
  } catch (error) {
    return {status: 0, reason: String(error.message), headers: [], type: '', bytes: new ArrayBuffer(0),
      elapsedMs: performance.now() - began};
  }
}

export function textOf(answer) {
  return new TextDecoder().decode(answer.bytes);
}

/** null: it is no JSON. */
export function jsonOf(answer) {
  try {
    return /json/.test(answer.type) ? JSON.parse(textOf(answer)) : null;
  } catch {
    return null;
  }
}

function shownBody(answer) {
  if (answer.bytes.byteLength === 0) {
    return 'no body';
  }
  if (!/json|text/.test(answer.type)) {
    return `${answer.bytes.byteLength} bytes of ${answer.type}`;
  }
  const document = jsonOf(answer);
  const text = document === null ? textOf(answer) : JSON.stringify(document, null, 2);
  return text.length > SHOWN_SIZE_MAX ? `${text.slice(0, SHOWN_SIZE_MAX)}\n… and more` : text;
}

/** "200 OK, 1.2 ms", in words for those who do not see its colour. */
export function statusLine(answer) {
  const kind = answer.status >= 200 && answer.status < 400 ? 'good' : 'bad';
  const text = answer.status === 0 ? `No answer: ${answer.reason}` : `${answer.status} ${answer.reason}`;
  return make('p', {class: 'status'}, make('strong', {class: kind}, text),
    make('span', {class: 'quiet'}, ` in ${answer.elapsedMs.toFixed(1)} ms`));
}

export function copyButton(label, text) {
  const button = make('button', {type: 'button', onclick: copy}, label);
  async function copy() {
    try {
      await navigator.clipboard.writeText(text());
      button.textContent = 'Copied';
    } catch {
      button.textContent = 'Select it, and copy by keys';
    }
  }
  return button;
}

/** Status, headers and body. */
export function answerView(answer) {
  const headers = answer.headers.map(([name, value]) => `${name}: ${value}`).join('\n');
  return make('div', {class: 'stack answer'}, statusLine(answer),
    block('Body of the answer', shownBody(answer), true),
    make('details', {}, make('summary', {}, `${answer.headers.length} headers`),
      block('Headers of the answer', headers)));
}
