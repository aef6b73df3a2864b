import { escapeFilterValue } from './ldap-filter.ts';

/** People, in Active Directory and elsewhere; computers have accounts, too, and no passwords of ours. */
export const USUAL_FILTER =
  '(|(&(objectCategory=person)(objectClass=user))(objectClass=inetOrgPerson)(objectClass=posixAccount))';

/** What is known of an account, and how its directory is looked through. */
export interface SoughtAccount {
  readonly username: string;
  /** By which the directory knows it, whatever it is called; empty: nobody has said. */
  readonly sourceId: string;
  /** Member → attribute, where it is another than the usual ones. */
  readonly mapping: Readonly<Record<string, string>>;
  /** Which entries are accounts; empty: the usual ones. */
  readonly userFilter: string;
}

/** Where accounts have their names (docs/target-domains.md). One that several are called is changed for none of them. */
const NAMES = ['sAMAccountName', 'uid', 'userPrincipalName', 'cn'];

/** Ids that scans make of an entry's place say nothing that can be asked for. */
const OF_A_PLACE = 'dn-';
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const GUID_ATTRIBUTE = 'objectGUID';

/** The search filter (RFC 4515) that finds this account and no other, by its id, or by its name if it has none. */
export function accountFilter({ username, sourceId, mapping, userFilter }: SoughtAccount): string {
  const identity =
    sourceId === '' || sourceId.startsWith(OF_A_PLACE)
      ? anyOf(namesIn(mapping).map(attribute => equals(attribute, escapeFilterValue(username))))
      : byId(sourceId, mapping['source_id'] ?? '');
  const among = userFilter.trim() === '' ? USUAL_FILTER : userFilter.trim();
  return `(&${among.startsWith('(') ? among : `(${among})`}${identity})`;
}

const namesIn = (mapping: SoughtAccount['mapping']): readonly string[] => {
  const mapped = mapping['username'] ?? '';
  return mapped === '' ? NAMES : [mapped];
};

function byId(sourceId: string, mapped: string): string {
  const isGuid = mapped === '' || mapped.toLowerCase() === GUID_ATTRIBUTE.toLowerCase();
  const guid = isGuid && UUID.test(sourceId) ? [equals(GUID_ATTRIBUTE, guidBytes(sourceId))] : [];
  if (mapped !== '') return anyOf([equals(mapped, escapeFilterValue(sourceId)), ...guid]);
  return anyOf([equals('entryUUID', escapeFilterValue(sourceId)), ...guid]);
}

/** Active Directory keeps the first three parts with their last byte first (MS-DTYP, 2.3.4.2). */
function guidBytes(sourceId: string): string {
  const [first = '', second = '', third = '', ...rest] = sourceId.toLowerCase().split('-');
  const reversed = [first, second, third].map(part => Buffer.from(part, 'hex').reverse());
  const bytes = Buffer.concat([...reversed, Buffer.from(rest.join(''), 'hex')]);
  return [...bytes].map(byte => `\\${byte.toString(16).padStart(2, '0')}`).join('');
}

const equals = (attribute: string, escaped: string): string => `(${attribute}=${escaped})`;
const anyOf = (filters: readonly string[]): string =>
  filters.length === 1 ? filters.join('') : `(|${filters.join('')})`;
