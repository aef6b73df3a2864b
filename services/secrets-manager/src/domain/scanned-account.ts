import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { isLine } from '@strongroom/schema/text';
import { lower } from './host.ts';

/** What a scan reads of one entry of a directory. */
export interface FoundAccount {
  /** By which the directory knows it, whatever it is called. */
  readonly sourceId: string;
  /** Empty: it has none. */
  readonly securityId: string;
  readonly distinguishedName: string;
  readonly username: string;
  readonly samAccountName: string;
  readonly email: string;
  readonly fullName: string;
  readonly additionalData: Readonly<Record<string, string>>;
}

export type AccountState = 'NEW' | 'UNMANAGED' | 'MANAGED' | 'REMOVED';
export const ACCOUNT_STATES = ['MANAGED', 'UNMANAGED', 'NEW', 'REMOVED'] as const;

export interface ScannedAccount extends FoundAccount {
  readonly id: string;
  readonly domainId: string;
  readonly state: AccountState;
  readonly ignored: boolean;
  readonly comment: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly updatedBy: string;
}

export interface DirectoryEntry {
  readonly name: string;
  /** By the attribute's name in lower case. */
  readonly attributes: ReadonlyMap<string, readonly Buffer[]>;
}

/**
 * Where each member of an account is found, the first that an entry has: Active Directory's names, then those of other
 * directories. `attribute_mapping` of an endpoint names another attribute for any of them, or adds a member.
 */
const USUAL = {
  username: ['sAMAccountName', 'uid', 'userPrincipalName', 'cn'],
  email: ['mail'],
  full_name: ['displayName', 'cn', 'name'],
  sam_account_name: ['sAMAccountName'],
  source_id: ['objectGUID', 'entryUUID'],
  security_id: ['objectSid', 'sambaSID'],
} as const;
type Member = keyof typeof USUAL;

/** Told besides, under names of ours. */
const USUAL_DATA = { user_principal_name: 'userPrincipalName' } as const;

export type AttributeMapping = Readonly<Record<string, string>>;

const isMember = (name: string): name is Member => Object.hasOwn(USUAL, name);
const given = (mapping: AttributeMapping) =>
  Object.entries(mapping).filter(([, attribute]) => attribute !== '');

const attributesOf = (member: Member, mapping: AttributeMapping): readonly string[] => {
  const mapped = Object.hasOwn(mapping, member) ? mapping[member] : '';
  return mapped === undefined || mapped === '' ? USUAL[member] : [mapped];
};

/** Members that people add to accounts. */
const dataOf = (mapping: AttributeMapping): readonly (readonly [string, string])[] => [
  ...Object.entries(USUAL_DATA),
  ...given(mapping).filter(([name]) => !isMember(name)),
];

/** All that is asked of the directory. */
export const attributesToRead = (mapping: AttributeMapping): string[] => [
  ...new Set([
    ...(Object.keys(USUAL) as Member[]).flatMap(member => attributesOf(member, mapping)),
    ...dataOf(mapping).map(([, attribute]) => attribute),
  ]),
];

/** Undefined: it has no name by which anybody could use it. */
export function readAccount(entry: DirectoryEntry, mapping: AttributeMapping): FoundAccount | undefined {
  const read = (member: Member) => firstText(entry, attributesOf(member, mapping));
  const username = read('username');
  if (username === '' || !isUsable(entry.name)) return undefined;
  const data = dataOf(mapping).map(([name, attribute]) => [name, firstText(entry, [attribute])] as const);
  return {
    sourceId: firstGiven(
      attributesOf('source_id', mapping).map(attribute => readId(entry, attribute)),
      // The directory tells no id: then an account is known by where it is, and one that moves is another.
      `dn-${createHash('sha256').update(lower(entry.name)).digest('hex')}`,
    ),
    securityId: firstGiven(attributesOf('security_id', mapping).map(attribute => readId(entry, attribute))),
    distinguishedName: entry.name,
    username,
    samAccountName: read('sam_account_name'),
    email: read('email'),
    fullName: read('full_name'),
    additionalData: Object.fromEntries(data.filter(([, text]) => text !== '')),
  };
}

const MAX_LENGTH = 1_024;
const MAX_NAME_LENGTH = 4_096;

const isUsable = (name: string): boolean => name !== '' && name.length <= MAX_NAME_LENGTH && isLine(name);

const firstGiven = (texts: readonly string[], otherwise = ''): string =>
  texts.find(text => text !== '') ?? otherwise;

const firstText = (entry: DirectoryEntry, attributes: readonly string[]): string =>
  firstGiven(attributes.map(attribute => textOf(valueOf(entry, attribute))));

const valueOf = (entry: DirectoryEntry, attribute: string): Buffer | undefined =>
  entry.attributes.get(lower(attribute))?.[0];

/** Empty for what is no line of text: binary values, control characters, and more than anybody's name needs. */
function textOf(value: Buffer | undefined): string {
  if (value === undefined || value.length > 4 * MAX_LENGTH || !isUtf8(value)) return '';
  const text = value.toString().trim();
  return text.length <= MAX_LENGTH && isLine(text) ? text : '';
}

function readId(entry: DirectoryEntry, attribute: string): string {
  const value = valueOf(entry, attribute);
  if (value === undefined || value.length === 0) return '';
  if (lower(attribute) === 'objectguid' && value.length === 16) return guidOf(value);
  if (lower(attribute) === 'objectsid') return sidOf(value);
  const text = textOf(value);
  return text === '' && value.length <= 256 ? value.toString('hex') : text;
}

/** Active Directory keeps the first three parts with their last byte first (MS-DTYP, 2.3.4.2). */
function guidOf(value: Buffer): string {
  const parts = [
    Buffer.from(value.subarray(0, 4)).reverse(),
    Buffer.from(value.subarray(4, 6)).reverse(),
    Buffer.from(value.subarray(6, 8)).reverse(),
    value.subarray(8, 10),
    value.subarray(10, 16),
  ];
  return parts.map(part => part.toString('hex')).join('-');
}

/** MS-DTYP, 2.4.2.2. Empty: it is none. */
function sidOf(value: Buffer): string {
  const count = value[1] ?? 0;
  if (value.length < 8 || value.length !== 8 + 4 * count) return '';
  const parts = Array.from({ length: count }, (_, index) => value.readUInt32LE(8 + 4 * index));
  return ['S', value[0], value.readUIntBE(2, 6), ...parts].join('-');
}

export const accountSearchText = (account: FoundAccount): string =>
  lower(
    [
      account.username,
      account.samAccountName,
      account.email,
      account.fullName,
      account.distinguishedName,
      account.sourceId,
      account.securityId,
      ...Object.values(account.additionalData),
    ].join('\n'),
  );
