import {
  encode,
  encodeBoolean,
  encodeInteger,
  encodeText,
  Malformed,
  readElements,
  readInteger,
  requireTag,
  TAG,
  type Element,
} from './ldap-ber.ts';

/** The messages of LDAP that are needed here (RFC 4511, 4; RFC 2696 for pages). */

export const RESPONSE = {
  bind: 0x61,
  searchEntry: 0x64,
  searchDone: 0x65,
  modify: 0x67,
  searchReference: 0x73,
  extended: 0x78,
} as const;

const CONTROLS = 0xa0;
const PAGED_RESULTS = '1.2.840.113556.1.4.319';

export const encodeMessage = (id: number, operation: Buffer, controls: readonly Buffer[] = []): Buffer =>
  encode(
    TAG.sequence,
    encodeInteger(id),
    operation,
    ...(controls.length === 0 ? [] : [encode(CONTROLS, ...controls)]),
  );

export const bindRequest = (name: string, password: string): Buffer =>
  encode(0x60, encodeInteger(3), encodeText(name), encodeText(password, 0x80));

export const UNBIND_REQUEST = encode(0x42);

const SCOPES = { base: 0, one: 1, sub: 2 } as const;

export interface SearchQuery {
  readonly base: string;
  readonly scope: keyof typeof SCOPES;
  /** As `parseFilter` makes it. */
  readonly filter: Buffer;
  readonly attributes: readonly string[];
}

/** Aliases are what they are, not what they stand for: who can write one chooses what it stands for. */
export const searchRequest = ({ base, scope, filter, attributes }: SearchQuery): Buffer =>
  encode(
    0x63,
    encodeText(base),
    encodeInteger(SCOPES[scope], TAG.enumerated),
    encodeInteger(0, TAG.enumerated),
    encodeInteger(0),
    encodeInteger(0),
    encodeBoolean(false),
    filter,
    encode(TAG.sequence, ...attributes.map(attribute => encodeText(attribute))),
  );

const OPERATIONS = { add: 0, delete: 1, replace: 2 } as const;

export interface Change {
  readonly operation: keyof typeof OPERATIONS;
  readonly attribute: string;
  readonly values: readonly Buffer[];
}

export const modifyRequest = (name: string, changes: readonly Change[]): Buffer =>
  encode(
    0x66,
    encodeText(name),
    encode(
      TAG.sequence,
      ...changes.map(({ operation, attribute, values }) =>
        encode(
          TAG.sequence,
          encodeInteger(OPERATIONS[operation], TAG.enumerated),
          encode(
            TAG.sequence,
            encodeText(attribute),
            encode(TAG.set, ...values.map(value => encodeText(value))),
          ),
        ),
      ),
    ),
  );

export const extendedRequest = (name: string, value?: Buffer): Buffer =>
  encode(0x77, encodeText(name, 0x80), ...(value === undefined ? [] : [encodeText(value, 0x81)]));

/** Not critical: a directory that knows no pages answers with all at once, or says why not. */
export const pageControl = (size: number, cookie: Buffer): Buffer =>
  encode(
    TAG.sequence,
    encodeText(PAGED_RESULTS),
    encodeText(encode(TAG.sequence, encodeInteger(size), encodeText(cookie))),
  );

export interface LdapMessage {
  readonly id: number;
  readonly tag: number;
  readonly content: Buffer;
  readonly controls: readonly Element[];
}

export function decodeMessage(message: Element): LdapMessage {
  const [id, operation, controls] = readElements(requireTag(message, TAG.sequence));
  if (operation === undefined) throw new Malformed('a message without content');
  return {
    id: readInteger(requireTag(id, TAG.integer)),
    tag: operation.tag,
    content: operation.content,
    controls: controls?.tag === CONTROLS ? readElements(controls.content) : [],
  };
}

/** How a request ended. */
export interface LdapResult {
  readonly code: number;
  /** Active Directory's own code within `invalidCredentials` and others, in hexadecimal: 52e, 532, 775. */
  readonly data?: string;
}

/** The result that all responses begin with, and what follows it. */
export function decodeResult(content: Buffer): { result: LdapResult; rest: readonly Element[] } {
  const [code, matched, diagnostic, ...rest] = readElements(content);
  requireTag(matched, TAG.octets);
  const text = requireTag(diagnostic, TAG.octets).toString();
  // Nothing else of this text goes any further: a directory may repeat there what it was sent.
  const [, data] = /^[0-9A-Fa-f]{8}: \w+: .*\bdata ([0-9a-f]{1,8})\b/s.exec(text) ?? [];
  return {
    result: {
      code: readInteger(requireTag(code, TAG.enumerated)),
      ...(data === undefined ? {} : { data }),
    },
    rest,
  };
}

export interface LdapEntry {
  readonly name: string;
  /** By the attribute's name in lower case. */
  readonly attributes: ReadonlyMap<string, readonly Buffer[]>;
}

export function decodeEntry(content: Buffer): LdapEntry {
  const [name, attributes] = readElements(content);
  const read = readElements(requireTag(attributes, TAG.sequence)).map(attribute => {
    const [type, values] = readElements(requireTag(attribute, TAG.sequence));
    return [
      requireTag(type, TAG.octets).toString().toLowerCase(),
      readElements(requireTag(values, TAG.set)).map(value => requireTag(value, TAG.octets)),
    ] as const;
  });
  return { name: requireTag(name, TAG.octets).toString(), attributes: new Map(read) };
}

/** The place from which the next page goes on; empty: there is none. */
export function decodePageCookie(controls: readonly Element[]): Buffer {
  for (const control of controls) {
    const [type, ...members] = readElements(requireTag(control, TAG.sequence));
    if (requireTag(type, TAG.octets).toString() !== PAGED_RESULTS) continue;
    const value = members.find(({ tag }) => tag === TAG.octets);
    const [page] = readElements(requireTag(value, TAG.octets));
    const [, cookie] = readElements(requireTag(page, TAG.sequence));
    return requireTag(cookie, TAG.octets);
  }
  return Buffer.alloc(0);
}

const NAMES: Readonly<Record<number, string>> = {
  1: 'operationsError',
  2: 'protocolError',
  3: 'timeLimitExceeded',
  4: 'sizeLimitExceeded',
  7: 'authMethodNotSupported',
  8: 'strongerAuthRequired',
  10: 'referral',
  11: 'adminLimitExceeded',
  12: 'unavailableCriticalExtension',
  13: 'confidentialityRequired',
  16: 'noSuchAttribute',
  17: 'undefinedAttributeType',
  18: 'inappropriateMatching',
  19: 'constraintViolation',
  21: 'invalidAttributeSyntax',
  32: 'noSuchObject',
  34: 'invalidDNSyntax',
  48: 'inappropriateAuthentication',
  49: 'invalidCredentials',
  50: 'insufficientAccessRights',
  51: 'busy',
  52: 'unavailable',
  53: 'unwillingToPerform',
  65: 'objectClassViolation',
};

/** As RFC 4511 calls it, else its number; with Active Directory's own code behind it. */
export const resultCode = ({ code, data }: LdapResult): string =>
  `${NAMES[code] ?? `result ${code}`}${data === undefined ? '' : `/${data}`}`;
