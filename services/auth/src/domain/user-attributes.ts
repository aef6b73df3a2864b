import { matchesFilter, parseFilter, type Attributes } from './ldap-filter.ts';
import type { User } from './user.ts';

/** Names that directories and PrivX's clients have for the members of a local user's document, in lower case. */
const DOCUMENT_ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  email: ['mail', 'email'],
  first_name: ['givenname', 'first_name'],
  last_name: ['sn', 'surname', 'last_name'],
  full_name: ['full_name'],
  display_name: ['displayname', 'display_name'],
  department: ['department'],
  job_title: ['title', 'job_title'],
  company: ['company'],
  telephone: ['telephonenumber', 'telephone'],
  windows_account: ['windows_account'],
  unix_account: ['unix_account'],
  locale: ['locale'],
};

const USERNAME_ATTRIBUTES = ['cn', 'uid', 'username', 'principal', 'samaccountname'];

export type Describable = Pick<User, 'username' | 'document' | 'tags'>;

/** What rules see of a person. Attributes of the installation's own add to these and replace none. */
export function attributesOf({ username, document, tags }: Describable): Attributes {
  const attributes = new Map<string, readonly string[]>();
  for (const name of USERNAME_ATTRIBUTES) attributes.set(name, [username]);
  for (const [member, names] of Object.entries(DOCUMENT_ATTRIBUTES)) {
    const value = document[member];
    for (const name of names) attributes.set(name, typeof value === 'string' ? [value] : []);
  }
  attributes.set('tags', tags);
  const own = new Map<string, string[]>();
  for (const { key, value } of customAttributes(document)) {
    const name = key.toLowerCase();
    if (!attributes.has(name)) own.set(name, [...(own.get(name) ?? []), value]);
  }
  return new Map([...attributes, ...own]);
}

/** Whether a person passes an LDAP filter; a malformed one lets nobody pass, an empty one everybody. */
export function passesFilter(text: string, user: Describable): boolean {
  if (text === '') return true;
  const filter = parseFilter(text);
  return filter !== undefined && matchesFilter(filter, attributesOf(user));
}

/** `attributes` of the document (contract 5.1), which is kept as it was sent. */
function customAttributes(document: User['document']): { key: string; value: string }[] {
  const sent: unknown = document['attributes'];
  return Array.isArray(sent) ? sent.filter(isAttribute) : [];
}

const isAttribute = (item: unknown): item is { key: string; value: string } =>
  typeof item === 'object' &&
  item !== null &&
  'key' in item &&
  typeof item.key === 'string' &&
  'value' in item &&
  typeof item.value === 'string';
