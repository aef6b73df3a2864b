/** The sign-in page: asks for what the server says is missing, until it says where to go. */

import { API, inGroups, isHostName, nextOf, toAssertion, toRequestOptions } from './login-steps.js';
import {
  askAgain,
  exclusively,
  find,
  onNewPassword,
  onSubmit,
  post,
  say,
  showStep,
  stepNamed,
  takeToken,
  watchReveal,
} from './page.js';

/** @typedef {import('./login-steps.js').Answer} Answer */
/** @typedef {import('./login-steps.js').Method} Method */

const token = takeToken();
const canUsePasskeys = 'PublicKeyCredential' in window && isSecureContext && isHostName(location.hostname);

/** @param {Answer} answer @param {string} step the one that is on screen */
async function goOn(answer, step) {
  const next = nextOf(answer);
  switch (next.kind) {
    case 'completed':
      leave(next.redirectTo);
      return;
    case 'recovery-codes':
      if (next.codes.length > 0) showRecoveryCodes(next.codes);
      else await proceed();
      return;
    case 'password':
      showStep('password', next.text);
      return;
    case 'second-factor':
      askSecondFactor(next.methods);
      return;
    case 'set-up':
      await startSetUp();
      return;
    case 'new-password':
      showStep('new-password');
      return;
    case 'over':
      showStep('over');
      return;
    case 'refused':
      askAgain(step, next.text);
      return;
  }
}

/** @param {string} redirectTo */
function leave(redirectTo) {
  showStep('completed');
  // Replaced, so that the way back leads to the application and not to a sign-in that is over.
  location.replace(redirectTo);
}

onSubmit('password', async ({ username, password }) => {
  await stopOffering();
  find(HTMLInputElement, '[name="username"]', stepNamed('new-password')).value = username ?? '';
  await goOn(await post(API.logIn, { token, username, password }), 'password');
});

onSubmit('one-time-code', async ({ totp }) =>
  goOn(await post(API.secondFactor, { token, totp }), 'one-time-code'),
);

onSubmit('recovery-code', async ({ recovery_code }) =>
  goOn(await post(API.secondFactor, { token, recovery_code }), 'recovery-code'),
);

onSubmit('security-key', async () => {
  const webauthn = await askForKey(API.securityKeyOptions, 'security-key');
  if (webauthn !== undefined) await goOn(await post(API.secondFactor, { token, webauthn }), 'security-key');
});

onNewPassword(async password =>
  goOn(await post(API.newPassword, { token, new_password: password }), 'new-password'),
);

onSubmit('set-up', async ({ totp }) => goOn(await post(API.confirmSetUp, { token, totp }), 'set-up'));

/** @param {Method[]} methods */
function askSecondFactor(methods) {
  const usable = methods.filter(method => method !== 'security-key' || canUsePasskeys);
  const [first] = usable;
  if (first === undefined) {
    showStep('password', 'This account needs a security key, which this browser cannot use at this address.');
    return;
  }
  for (const button of document.querySelectorAll('button[data-use]')) {
    const method = button.getAttribute('data-use');
    button.toggleAttribute('hidden', !usable.some(known => known === method));
  }
  showStep(first);
}

for (const button of document.querySelectorAll('button[data-use]')) {
  button.addEventListener('click', () => showStep(button.getAttribute('data-use') ?? ''));
}

async function startSetUp() {
  const answer = await post(API.startSetUp, { token });
  const { seed_string: seed, seed_qr_code: qrCode, otpauth_uri: uri } = answer.body;
  if (answer.status !== 200) {
    const next = nextOf(answer);
    // Asked again, the server would send the person here again: better to say why it failed.
    if (next.kind === 'set-up' || next.kind === 'refused') {
      showStep('password', next.kind === 'refused' ? next.text : '');
    } else await goOn(answer, 'password');
    return;
  }
  find(HTMLElement, '#seed').textContent = inGroups(String(seed));
  const image = find(HTMLImageElement, '#qr-code');
  if (typeof qrCode === 'string' && qrCode.startsWith('data:image/')) image.src = qrCode;
  image.hidden = image.src === '';
  const link = find(HTMLAnchorElement, '#authenticator');
  if (typeof uri === 'string' && uri.startsWith('otpauth://totp/')) link.href = uri;
  link.hidden = link.href === '';
  showStep('set-up');
}

/** @param {string[]} codes */
function showRecoveryCodes(codes) {
  find(HTMLElement, '#recovery-codes').replaceChildren(
    ...codes.map(code => {
      const item = document.createElement('li');
      item.textContent = code;
      return item;
    }),
  );
  showStep('recovery-codes');
}

/** Only now, since the authorization code lives a minute, and codes are not kept that fast. */
const proceed = async () => goOn(await post(API.proceed, { token }), 'recovery-codes');

onSubmit('recovery-codes', proceed);

find(HTMLButtonElement, '#copy-codes').addEventListener('click', () => {
  const codes = [...document.querySelectorAll('#recovery-codes li')].map(item => item.textContent);
  navigator.clipboard.writeText(codes.join('\n')).then(
    () => say('The codes are in the clipboard.', 'note'),
    () => say('The browser did not allow that. Write the codes down.'),
  );
});

/**
 * @param {string} path where to get the challenge
 * @param {string} step
 * @param {{ mediation?: 'conditional', signal?: AbortSignal }} [how]
 */
async function askForKey(path, step, how = {}) {
  const answer = await post(path, { token });
  if (how.signal?.aborted) return undefined;
  if (answer.status !== 200) {
    // An offer that the person did not ask for fails without a word, unless nothing else can succeed.
    if (how.mediation === undefined || nextOf(answer).kind === 'over') await goOn(answer, step);
    return undefined;
  }
  const publicKey = toRequestOptions(answer.body);
  try {
    const credential = await navigator.credentials.get({ publicKey, ...how });
    return toAssertion(/** @type {any} */ (credential));
  } catch {
    // Browsers say little about why, lest pages learn which keys there are.
    if (!how.signal?.aborted) say('No passkey or security key was used. Try again, or use another way.');
    return undefined;
  }
}

/** @param {{ mediation?: 'conditional', signal?: AbortSignal }} [how] */
async function logInByPasskey(how) {
  const response = await askForKey(API.passkeyOptions, 'password', how);
  if (response !== undefined) await goOn(await post(API.passkey, { token, response }), 'password');
}

/** Passkeys among what the browser offers to fill in as a user name. */
let offering = { stop: () => {}, ended: Promise.resolve() };

async function offerPasskeys() {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  const controller = new AbortController();
  offering = {
    stop: () => controller.abort(),
    ended: logInByPasskey({ mediation: 'conditional', signal: controller.signal }),
  };
}

/** Only one challenge holds at a time, so the offer ends before anything else begins. */
async function stopOffering() {
  offering.stop();
  await offering.ended;
}

const passkeyButton = find(HTMLButtonElement, '#passkey');
passkeyButton.hidden = !canUsePasskeys;
passkeyButton.addEventListener(
  'click',
  () =>
    void exclusively(async () => {
      await stopOffering();
      await logInByPasskey();
    }),
);

watchReveal('password');
showStep(token === '' ? 'over' : 'password');
if (token !== '' && canUsePasskeys) await offerPasskeys();
