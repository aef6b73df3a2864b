import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Malformed } from './ldap-ber.ts';
import { createFraming } from './ldap-framing.ts';
import {
  bindRequest,
  decodeEntry,
  decodeMessage,
  decodePageCookie,
  decodeResult,
  encodeMessage,
  extendedRequest,
  modifyRequest,
  pageControl,
  resultCode,
  RESPONSE,
  searchRequest,
  UNBIND_REQUEST,
  type Change,
  type LdapEntry,
  type LdapMessage,
  type LdapResult,
  type SearchQuery,
} from './ldap-messages.ts';
import { TargetError } from './target-error.ts';
import type { Trust } from './target.ts';
import { isTlsFault, tlsOptions } from './tls-options.ts';

export interface LdapSecurity {
  /** What the certificate must be for. */
  readonly host: string;
  /** TLS from the first byte, or asked for in the clear before anything else is sent, or none at all. */
  readonly protocol: 'ldaps' | 'starttls' | 'ldap';
  /** Not `off`, unless the protocol is `ldap`. */
  readonly trust: Trust;
  /** How long the directory may say nothing while it owes an answer. */
  readonly silenceMs: number;
}

/** Whatever it returns or rejects with is free of what was sent. All reject with a TargetError, one call at a time. */
export interface LdapConnection {
  /** Rejects unless the directory takes the password; the code tells what it says. */
  bind: (name: string, password: string) => Promise<void>;
  /** Page by page. Referrals to other directories are not followed. */
  search: (query: SearchQuery, pageSize: number) => AsyncGenerator<readonly LdapEntry[]>;
  modify: (name: string, changes: readonly Change[]) => Promise<LdapResult>;
  extended: (name: string, value?: Buffer) => Promise<LdapResult>;
  /** Says goodbye; the socket is for its owner to close. */
  unbind: () => void;
}

/** Entries here hold a few attributes; a message beyond this is no honest one. */
const MAX_MESSAGE_BYTES = 1_048_576;
/** Of one page, or of all at once from a directory that knows no pages. */
const MAX_PAGE_BYTES = 67_108_864;

const START_TLS = '1.3.6.1.4.1.1466.20037';
const SUCCESS = 0;

/** An LDAP client (RFC 4511) on a socket that is connected already, to an address that was checked. */
export async function openLdap(
  socket: Socket,
  { host, protocol, trust, silenceMs }: LdapSecurity,
): Promise<LdapConnection> {
  if (protocol === 'ldap') return connectionOn(createChannel(socket, silenceMs));
  if (trust === 'off') throw new TargetError('certificate-refused');
  if (protocol === 'starttls') {
    const channel = createChannel(socket, silenceMs);
    const { content } = await channel.exchange(extendedRequest(START_TLS), RESPONSE.extended);
    const { result } = decoded(() => decodeResult(content));
    if (result.code !== SUCCESS) throw new TargetError('certificate-refused', { code: resultCode(result) });
    channel.leave();
  }
  return connectionOn(createChannel(await secure(socket, host, trust, silenceMs), silenceMs));
}

function connectionOn(channel: Channel): LdapConnection {
  const resultOf = async (request: Buffer, response: number): Promise<LdapResult> => {
    const { content } = await channel.exchange(request, response);
    return decoded(() => decodeResult(content)).result;
  };
  return {
    async bind(name, password) {
      // A directory takes a name without a password for nobody, and lets everybody in as that (RFC 4513, 5.1.2).
      if (name === '' || password === '') throw new TargetError('no-password-sign-in');
      const result = await resultOf(bindRequest(name, password), RESPONSE.bind);
      if (result.code !== SUCCESS)
        throw new TargetError('authentication-refused', { code: resultCode(result), isAnswer: true });
    },
    async *search(query, pageSize) {
      let cookie = Buffer.alloc(0);
      do {
        const entries: LdapEntry[] = [];
        let bytes = 0;
        const { content, controls } = await channel.exchange(
          searchRequest(query),
          RESPONSE.searchDone,
          [pageControl(pageSize, cookie)],
          message => {
            if (message.tag === RESPONSE.searchReference) return;
            if (message.tag !== RESPONSE.searchEntry) throw new Malformed('no entry');
            bytes += message.content.length;
            if (bytes > MAX_PAGE_BYTES) throw new Malformed('a page without an end');
            entries.push(decodeEntry(message.content));
          },
        );
        const { result } = decoded(() => decodeResult(content));
        if (result.code !== SUCCESS)
          throw new TargetError('search-refused', { code: resultCode(result), isAnswer: true });
        yield entries;
        cookie = Buffer.from(decoded(() => decodePageCookie(controls)));
      } while (cookie.length > 0);
    },
    modify: (name, changes) => resultOf(modifyRequest(name, changes), RESPONSE.modify),
    extended: (name, value) => resultOf(extendedRequest(name, value), RESPONSE.extended),
    unbind: () => channel.send(UNBIND_REQUEST),
  };
}

/** Requests and their answers, one after the other. */
interface Channel {
  /** The last message of the answer, which must be of this kind; what comes before it goes to `take`. */
  exchange: (
    request: Buffer,
    response: number,
    controls?: readonly Buffer[],
    take?: (message: LdapMessage) => void,
  ) => Promise<LdapMessage>;
  send: (request: Buffer) => void;
  /** Hands the socket over to TLS. Rejects what came in the clear too early: somebody may have put it there. */
  leave: () => void;
}

function createChannel(socket: Socket, silenceMs: number): Channel {
  const framing = createFraming(MAX_MESSAGE_BYTES);
  let lastId = 0;
  let broken: TargetError | undefined;
  let pending: { receive: (message: LdapMessage) => void; reject: (error: TargetError) => void } | undefined;

  const fail = (error: TargetError) => {
    broken ??= error;
    pending?.reject(broken);
    pending = undefined;
    socket.destroy();
  };
  const onData = (chunk: Buffer) => {
    try {
      for (const frame of framing.take(chunk)) {
        const message = decodeMessage(frame);
        // Number 0 is the directory's own: it says that it is about to hang up.
        if (pending === undefined || message.id !== lastId) throw new TargetError('connection-lost');
        pending.receive(message);
      }
    } catch (error) {
      fail(readFault(error));
    }
  };
  const onError = (error: unknown) => fail(readFault(error));
  const onClose = () => fail(new TargetError('connection-lost'));
  const onTimeout = () => fail(new TargetError('timeout'));
  socket.on('data', onData).on('error', onError).on('close', onClose).on('timeout', onTimeout);
  if (socket.destroyed) onClose();

  const send = (request: Buffer, controls: readonly Buffer[] = []) => {
    lastId += 1;
    socket.write(encodeMessage(lastId, request, controls));
  };
  return {
    exchange: (request, response, controls, take) =>
      new Promise<LdapMessage>((resolve, reject) => {
        if (broken !== undefined) {
          reject(broken);
          return;
        }
        pending = {
          receive(message) {
            if (message.tag !== response) {
              if (take === undefined) throw new Malformed('another answer than was asked for');
              take(message);
              return;
            }
            pending = undefined;
            socket.setTimeout(0);
            resolve(message);
          },
          reject,
        };
        socket.setTimeout(silenceMs);
        send(request, controls);
      }),
    send,
    leave() {
      socket.off('data', onData).off('error', onError).off('close', onClose).off('timeout', onTimeout);
      if (broken !== undefined) throw broken;
      if (framing.isMidway()) throw new TargetError('protocol-error');
    },
  };
}

function secure(socket: Socket, host: string, trust: Trust, silenceMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    // It throws at once for authorities that are no certificates.
    const secured = decoded(() => connectTls({ socket, ...tlsOptions(host, trust) }));
    secured.setTimeout(silenceMs, () => reject(new TargetError('timeout')));
    secured.once('secureConnect', () => {
      secured.setTimeout(0);
      resolve(secured);
    });
    // Both stay for as long as the socket: an error that comes late must not end the process.
    secured.on('error', error => reject(readFault(error)));
    secured.on('close', () => reject(new TargetError('connection-lost')));
  });
}

function decoded<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw readFault(error);
  }
}

function readFault(error: unknown): TargetError {
  if (error instanceof TargetError) return error;
  if (error instanceof Malformed) return new TargetError('protocol-error');
  return new TargetError(isTlsFault(error) ? 'certificate-refused' : 'connection-lost');
}
