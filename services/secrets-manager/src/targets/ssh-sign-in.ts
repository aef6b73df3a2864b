import type { Socket } from 'node:net';
import ssh2, { type AnyAuthMethod, type AuthenticationType, type Client, type ParsedKey } from 'ssh2';
import {
  ALL_SIGNATURES,
  describeHostKey,
  isPinned,
  signaturesOf,
  type HostKey,
  type ShownHostKey,
} from './host-key.ts';
import { awaitIdentification } from './ssh-identification.ts';
import { TargetError } from './target-error.ts';
import type { Credential } from './target.ts';

export interface SshSignIn {
  readonly account: string;
  readonly credential: Credential;
  readonly hostKeys: readonly HostKey[];
}

/**
 * A client that is signed in. The host's key is checked before it is told anything, and the credential is used
 * once, by one method: hosts count what fails.
 */
export async function signIn(socket: Socket, { account, credential, hostKeys }: SshSignIn): Promise<Client> {
  const signatures = signaturesOf(hostKeys);
  if (signatures.length === 0) throw new TargetError('host-key-unknown');
  const methods = methodsFor(account, credential);
  await awaitIdentification(socket);

  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    let isKeyRefused = false;
    let isCredentialUsed = false;
    // Both stay for as long as the client: an error that comes late must not end the process.
    client.on('error', error =>
      reject(isKeyRefused ? new TargetError('host-key-changed') : readError(error)),
    );
    client.on('close', () => reject(new TargetError('connection-lost')));
    client.on('ready', () => {
      // One that lets everybody in would let the wrong password in, too.
      if (isCredentialUsed) resolve(client);
      else reject(new TargetError('no-password-sign-in'));
    });
    client.connect({
      sock: socket,
      username: account,
      readyTimeout: 0,
      algorithms: { serverHostKey: signatures },
      hostVerifier: (key: Buffer) => {
        isKeyRefused = !isPinned(hostKeys, describeHostKey(key));
        return !isKeyRefused;
      },
      // ssh2 says null where its types say otherwise: nothing was tried yet, so the host is asked what it takes.
      authHandler: (offered: AuthenticationType[] | null, isPartial, next) => {
        if (offered === null) {
          next('none');
          return;
        }
        const method = methods.find(({ type }) => offered.includes(type));
        if (isCredentialUsed && isPartial) reject(new TargetError('no-password-sign-in'));
        else if (isCredentialUsed) reject(new TargetError('authentication-refused', { isAnswer: true }));
        else if (method === undefined) reject(new TargetError('no-password-sign-in'));
        else {
          isCredentialUsed = true;
          next(method);
        }
      },
    });
  });
}

/** The key that the host shows whom it does not know, who says nothing more. */
export async function showHostKey(socket: Socket): Promise<ShownHostKey> {
  await awaitIdentification(socket);
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    client.on('error', error => reject(readError(error)));
    client.on('close', () => reject(new TargetError('connection-lost')));
    client.connect({
      sock: socket,
      username: 'strongroom',
      readyTimeout: 0,
      algorithms: { serverHostKey: ALL_SIGNATURES },
      hostVerifier: (key: Buffer) => {
        resolve(describeHostKey(key));
        return false;
      },
    });
  });
}

function methodsFor(username: string, credential: Credential): AnyAuthMethod[] {
  if (credential.kind === 'key') return [{ type: 'publickey', username, key: readKey(credential) }];
  const { password } = credential;
  let isAnswered = false;
  return [
    { type: 'password', username, password },
    {
      type: 'keyboard-interactive',
      username,
      prompt: (_name, _instructions, _language, prompts, finish) => {
        // One question whose answer is not shown is for the password; once, since a host may go on asking.
        const isForPassword = !isAnswered && prompts.length === 1 && prompts[0]?.echo !== true;
        if (isForPassword) isAnswered = true;
        finish(isForPassword ? [password] : prompts.map(() => ''));
      },
    },
  ];
}

function readKey({ privateKey, passphrase }: Extract<Credential, { kind: 'key' }>): ParsedKey {
  const parsed = ssh2.utils.parseKey(privateKey, passphrase);
  const key = (Array.isArray(parsed) ? parsed[0] : parsed) as ParsedKey | Error | undefined;
  if (key === undefined || key instanceof Error || !key.isPrivateKey())
    throw new TargetError('key-unreadable');
  return key;
}

/** Messages of ssh2 may hold what the host sent; they are looked at, and go no further. */
function readError(error: Error & { level?: string }): TargetError {
  const { level, message } = error;
  if (level === 'client-socket') return new TargetError('connection-lost');
  if (level === 'client-authentication') return new TargetError('authentication-refused');
  if (message.includes('no matching host key format')) return new TargetError('host-key-changed');
  if (message.includes('Connection lost')) return new TargetError('connection-lost');
  return new TargetError('protocol-error');
}
