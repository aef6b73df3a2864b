/** What the pages share: their token, calls to the API, and one visible step at a time. */

import { retryAfterOf } from './login-steps.js';

/** @typedef {import('./login-steps.js').Answer} Answer */

/**
 * @template {Element} E
 * @param {new () => E} type
 * @param {string} selector
 * @param {ParentNode} [parent]
 * @returns {E}
 */
export function find(type, selector, parent = document) {
  const element = parent.querySelector(selector);
  if (!(element instanceof type)) throw new Error(`The page has no ${selector}`);
  return element;
}

/**
 * Takes the token out of the address, where histories, screenshots and shared links would keep it. The state of
 * the history entry brings it through a reload: phones drop a page while the person looks up a code elsewhere.
 * @returns {string} empty when there is none
 */
export function takeToken() {
  const token = new URLSearchParams(location.search).get('token') ?? history.state?.token;
  history.replaceState({ token }, '', location.pathname);
  return typeof token === 'string' ? token : '';
}

/**
 * @param {string} path
 * @param {Record<string, unknown>} body
 * @returns {Promise<Answer>}
 */
export async function post(path, body) {
  let response;
  try {
    response = await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      cache: 'no-store',
      redirect: 'error',
    });
  } catch {
    return { status: 0, body: {} };
  }
  // Empty, or a page of a proxy in between: the status then says enough.
  const parsed = await response.json().catch(() => undefined);
  return {
    status: response.status,
    body: typeof parsed === 'object' && parsed !== null ? parsed : {},
    retryAfterSeconds: retryAfterOf(response.headers.get('retry-after')),
  };
}

const main = find(HTMLElement, 'main');
const message = find(HTMLElement, '#message');
const product = document.title;

/** @param {string} name */
export function stepNamed(name) {
  return find(HTMLElement, `[data-step="${name}"]`);
}

/**
 * Shows this step alone and leads keyboard and screen reader to its first field, or to its heading.
 * @param {string} name
 * @param {string} [text] told at once
 */
export function showStep(name, text = '') {
  const step = stepNamed(name);
  for (const other of document.querySelectorAll('[data-step]')) {
    other.toggleAttribute('hidden', other !== step);
  }
  document.title = `${find(HTMLElement, 'h1', step).textContent} – ${product}`;
  clearSecrets();
  say(text);
  focusOn(step);
}

/** What was typed as a password or a code is not kept in a step that is over. */
function clearSecrets() {
  for (const input of document.querySelectorAll('input')) {
    if (input.name !== 'username' && input.type !== 'checkbox') input.value = '';
  }
}

/**
 * The first field that still wants something: after a wrong password that is the password, not the name.
 * @param {HTMLElement} step
 */
function focusOn(step) {
  const fields = [...step.querySelectorAll('input')].filter(
    ({ hidden, type }) => !hidden && type !== 'checkbox',
  );
  (fields.find(({ value }) => value === '') ?? find(HTMLElement, 'h1', step)).focus();
}

/**
 * @param {string} text empty: nothing (more) to say
 * @param {'error' | 'note'} [kind]
 */
export function say(text, kind = 'error') {
  message.dataset['kind'] = kind;
  message.textContent = text;
}

/**
 * The same step once more.
 * @param {string} step
 * @param {string} text why
 */
export function askAgain(step, text) {
  clearSecrets();
  say(text);
  focusOn(stepNamed(step));
}

let busy = false;

/**
 * One thing at a time: a second press of a button while an answer is awaited does nothing.
 * @param {() => Promise<void>} act
 */
export async function exclusively(act) {
  if (busy) return;
  busy = true;
  main.setAttribute('aria-busy', 'true');
  say('');
  try {
    await act();
  } catch (error) {
    say('This page has failed. Go back to where you came from and start again.');
    throw error;
  } finally {
    busy = false;
    main.removeAttribute('aria-busy');
  }
}

/**
 * @param {string} step
 * @param {(fields: Record<string, string>) => Promise<void>} act
 */
export function onSubmit(step, act) {
  const form = find(HTMLFormElement, 'form', stepNamed(step));
  form.addEventListener('submit', event => {
    event.preventDefault();
    const fields = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
    void exclusively(() => act(fields));
  });
}

/**
 * A new password, asked twice because it is not shown unless wanted.
 * @param {(password: string) => Promise<void>} act
 */
export function onNewPassword(act) {
  watchReveal('new-password');
  onSubmit('new-password', async ({ new_password: password = '', repeated }) => {
    if (password === repeated) await act(password);
    else askAgain('new-password', 'The two passwords differ. Enter them again.');
  });
}

/**
 * Lets the person see what is typed.
 * @param {string} step
 */
export function watchReveal(step) {
  const form = find(HTMLFormElement, 'form', stepNamed(step));
  const passwords = [...form.querySelectorAll('input')].filter(({ type }) => type === 'password');
  const reveal = find(HTMLInputElement, '[data-reveal]', form);
  reveal.addEventListener('change', () => {
    for (const input of passwords) input.type = reveal.checked ? 'text' : 'password';
  });
}
