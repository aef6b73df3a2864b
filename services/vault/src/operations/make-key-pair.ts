import ssh2 from 'ssh2';
import { keyPairsQueue } from '../domain/errors.ts';
import { createQueue } from '../domain/queue.ts';

/** In OpenSSH's formats. */
export interface KeyPair {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** RSA of NIST's 128-bit strength: what every host and client of the field takes, old ones too. */
const MODULUS_BITS = 3_072;
const MAX_WAITING = 8;

const inTurn = createQueue(MAX_WAITING, keyPairsQueue);

/** The prime search runs on a thread of Node's pool, one at a time, so that it leaves the others to all else. */
export const makeKeyPair = (comment: string, passphrase: string | undefined): Promise<KeyPair> =>
  inTurn(
    () =>
      new Promise((resolve, reject) => {
        const settings = {
          bits: MODULUS_BITS,
          comment,
          // Rounds slow down guessing, and what is generated cannot be guessed; each would hold up all other requests.
          ...(passphrase !== undefined && { passphrase, cipher: 'aes256-ctr', rounds: 1 }),
        };
        ssh2.utils.generateKeyPair('rsa', settings, (error, pair) => {
          if (error) reject(error);
          else resolve({ privateKey: pair.private, publicKey: `${pair.public}\n` });
        });
      }),
  );
