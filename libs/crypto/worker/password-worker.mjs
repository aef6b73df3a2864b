// Plain JavaScript, since a worker loads it as it is, beside `src` in tests and beside `dist` in a release.
import os from 'node:os';
import { hashSync, verifySync } from '@node-rs/argon2';

// On Linux a priority belongs to the thread: a storm of sign-ins yields to the threads that answer reads.
// Elsewhere the call would slow the whole process down.
if (process.platform === 'linux') os.setPriority(0, Math.max(10, os.getPriority(0)));

export const hash = ({ password, options }) => hashSync(password, options);

export const verify = ({ phc, password }) => verifySync(phc, password);
