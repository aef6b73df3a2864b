import { requireCarriable } from './acceptable.ts';
import { attempt } from './attempt.ts';
import { encode, encodeText, TAG } from './ldap-ber.ts';
import { openLdap, type LdapConnection } from './ldap-connection.ts';
import { parseFilter } from './ldap-filter.ts';
import { resultCode, type Change, type LdapEntry, type LdapResult } from './ldap-messages.ts';
import type { Network } from './open-socket.ts';
import { TargetError } from './target-error.ts';
import type { Authority, DirectoryDescription, Limits, Target } from './target.ts';

/** Accounts in a directory. Passwords of people are never sent without TLS, whatever scans may do. */
export function ldapTarget(description: DirectoryDescription, network: Network): Target {
  const { host, protocol, trust } = description;
  const visit = <T>(
    limits: Limits,
    work: (ldap: LdapConnection, entry: LdapEntry, passwordLeaves: () => void) => Promise<T>,
  ): Promise<T> => {
    if (protocol === 'ldap') throw new TargetError('plaintext-refused');
    return attempt(description, network, limits, async ({ socket, passwordLeaves }) => {
      const security = { host, protocol, trust, silenceMs: limits.deadlineMs };
      const ldap = await openLdap(socket, security);
      const result = await work(ldap, await findEntry(ldap, description), passwordLeaves);
      ldap.unbind();
      return result;
    });
  };
  return {
    async setPassword({ by, newPassword }, limits) {
      requireCarriable(newPassword);
      await visit(limits, async (ldap, entry, passwordLeaves) => {
        const isActiveDirectory = await speaksActiveDirectory(ldap);
        const old = await signIn(ldap, entry, by);
        passwordLeaves();
        const result = isActiveDirectory
          ? await ldap.modify(entry.name, unicodeChange(old, newPassword))
          : await ldap.extended(PASSWORD_MODIFY, passwordModify(entry.name, old, newPassword));
        requireDone(result);
      });
    },
    async proves(_account, password, limits) {
      return visit(limits, async (ldap, entry) => {
        try {
          await ldap.bind(entry.name, password);
          return 'opens';
        } catch (error) {
          if (error instanceof TargetError && WRONG_PASSWORD.has(error.details.code ?? '')) return 'refused';
          throw error;
        }
      });
    },
  };
}

/**
 * The directory's own no to this password. Active Directory's other codes within `invalidCredentials` say that it has
 * expired, must be changed, or that the account is disabled or locked: of the password they prove nothing.
 */
const WRONG_PASSWORD: ReadonlySet<string> = new Set(['invalidCredentials', 'invalidCredentials/52e']);

/** As the account that looks for others, if there is one. Accounts are known by what never changes, else by name. */
async function findEntry(
  ldap: LdapConnection,
  { baseDn, signIn: by, filter }: DirectoryDescription,
): Promise<LdapEntry> {
  if (by !== undefined) await ldap.bind(by.name, by.password);
  const parsed = parseFilter(filter);
  if (parsed === undefined) throw new TargetError('account-refused');
  const query = { base: baseDn, scope: 'sub', filter: parsed, attributes: NAMES } as const;
  const found: LdapEntry[] = [];
  for await (const page of ldap.search(query, PAGE)) {
    found.push(...page);
    if (found.length > 1) break;
  }
  const [entry] = found;
  if (entry === undefined || found.length > 1) throw new TargetError('account-unknown');
  return entry;
}

const PAGE = 2;
const NAMES = ['userPrincipalName', 'sAMAccountName'];

/** The current password, when it is the account itself that changes it. */
async function signIn(ldap: LdapConnection, entry: LdapEntry, by: Authority): Promise<string | undefined> {
  if (by.kind === 'self') {
    await ldap.bind(entry.name, by.currentPassword);
    return by.currentPassword;
  }
  // The endpoint would go on with the password before, and nothing in the directory could be changed any more.
  if (isNamed(entry, by.account)) throw new TargetError('own-account');
  return undefined;
}

/** Whether that is what the entry signs in as: its place, `name@domain`, or `DOMAIN\name`. */
function isNamed({ name, attributes }: LdapEntry, signInName: string): boolean {
  const wanted = plain(signInName);
  const textOf = (attribute: string) => attributes.get(attribute)?.[0]?.toString() ?? '';
  const accountName = plain(textOf('samaccountname'));
  return (
    wanted === plain(name) ||
    wanted === plain(textOf('userprincipalname')) ||
    (accountName !== '' && wanted.slice(wanted.lastIndexOf('\\') + 1) === accountName)
  );
}

const plain = (name: string): string => name.toLowerCase().replace(/\s*([,=+])\s*/g, '$1');

const ACTIVE_DIRECTORY = '1.2.840.113556.1.4.800';
const CAPABILITIES = 'supportedCapabilities';

/** As the directory says of itself. */
async function speaksActiveDirectory(ldap: LdapConnection): Promise<boolean> {
  const filter = parseFilter('(objectClass=*)');
  if (filter === undefined) throw new Error('the filter of the root is none');
  const query = { base: '', scope: 'base', filter, attributes: [CAPABILITIES] } as const;
  for await (const entries of ldap.search(query, 1)) {
    const values = entries[0]?.attributes.get(CAPABILITIES.toLowerCase()) ?? [];
    if (values.some(value => value.toString() === ACTIVE_DIRECTORY)) return true;
  }
  return false;
}

/** RFC 3062. */
const PASSWORD_MODIFY = '1.3.6.1.4.1.4203.1.11.1';

const passwordModify = (name: string, old: string | undefined, next: string): Buffer =>
  encode(
    TAG.sequence,
    encodeText(name, 0x80),
    ...(old === undefined ? [] : [encodeText(old, 0x81)]),
    encodeText(next, 0x82),
  );

/** [MS-ADTS] 3.1.1.3.1.5: whoever may resets it; the account itself takes the old one away and puts the new one there. */
function unicodeChange(old: string | undefined, next: string): Change[] {
  const change = (operation: Change['operation'], password: string): Change => ({
    operation,
    attribute: 'unicodePwd',
    values: [Buffer.from(`"${password}"`, 'utf16le')],
  });
  return old === undefined ? [change('replace', next)] : [change('delete', old), change('add', next)];
}

const CONSTRAINT_VIOLATION = 19;

/** Results after which nothing was changed (RFC 4511, appendix A). Of others, such as `other`, that is not said. */
const REFUSED: ReadonlySet<number> = new Set([
  2, 7, 8, 10, 12, 13, 16, 17, 18, 19, 20, 21, 32, 34, 48, 49, 50, 53, 65,
]);

function requireDone(result: LdapResult): void {
  if (result.code === 0) return;
  const reason = result.code === CONSTRAINT_VIOLATION ? 'policy-refused' : 'change-refused';
  throw new TargetError(reason, { code: resultCode(result), isAnswer: REFUSED.has(result.code) });
}
