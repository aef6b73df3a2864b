// Plain JavaScript, since a worker loads it as it is, beside `src` in tests and beside `dist` in a release.
import os from 'node:os';
import { hashSync, verifySync } from '@node-rs/argon2';

// On Linux a priority belongs to the thread: a storm of sign-ins takes what the threads that answer reads leave.
// The lowest priority still gets a share of a busy processor.
// Elsewhere the call would slow the whole process down.
if (process.platform === 'linux') os.setPriority(0, os.constants.priority.PRIORITY_LOW);

export const hash = ({ password, options }) => hashSync(password, options);

export const verify = ({ phc, password }) => verifySync(phc, password);
