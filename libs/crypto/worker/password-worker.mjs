// Plain JavaScript, since a worker loads it as it is, beside `src` in tests and beside `dist` in a release.
import os from 'node:os';
import { hashSync, verifySync } from '@node-rs/argon2';

// On Linux a priority belongs to the thread: a storm of sign-ins takes what the threads that answer reads leave.
// The lowest priority still gets a share of a busy processor.
// Elsewhere the call would slow the whole process down.
if (process.platform === 'linux') os.setPriority(0, os.constants.priority.PRIORITY_LOW);

// Between two hashes the thread rests (see PasswordHasherOptions).
const sleeper = new Int32Array(new SharedArrayBuffer(4));
let restUntil = 0;

function rested(restFactor, work) {
  const wait = restUntil - performance.now();
  if (wait > 0) Atomics.wait(sleeper, 0, 0, wait);
  const started = performance.now();
  try {
    return work();
  } finally {
    const ended = performance.now();
    restUntil = ended + (ended - started) * restFactor;
  }
}

export const hash = ({ password, options, restFactor }) =>
  rested(restFactor, () => hashSync(password, options));

export const verify = ({ phc, password, restFactor }) => rested(restFactor, () => verifySync(phc, password));
