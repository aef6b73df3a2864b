import { hash, verify } from '@node-rs/argon2';

/** argon2id (the library's default) with OWASP's parameters: 19 MiB, two passes, one lane. */
const OPTIONS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** For passwords that people sign in with. The result is a PHC string that carries its own salt. */
export const hashPassword = (password: string): Promise<string> => hash(password, OPTIONS);

export const verifyPassword = (phc: string, password: string): Promise<boolean> => verify(phc, password);
