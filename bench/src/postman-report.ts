import type { Listed } from './postman-collection.ts';

/** How newman tells of one request. */
export interface Execution {
  readonly item: { readonly name: string };
  readonly response?: { readonly code: number; readonly stream: { readonly data: readonly number[] } };
}

export interface Outcome {
  readonly request: Listed;
  readonly status: number | undefined;
  readonly verdict: 'passed' | 'failed' | 'not served';
  readonly why: string;
}

/** The platform's answer for what nobody serves: without the code that stands for a missing object. */
const isUnserved = (status: number, body: unknown): boolean =>
  status === 404 && (body as Record<string, unknown> | null)?.['errorCode'] === undefined;

/** Passed: 200, and as the collection's own example of a 200 wherever both have a member. */
export function judge(request: Listed, execution: Execution | undefined): Outcome {
  const response = execution?.response;
  if (response === undefined) return { request, status: undefined, verdict: 'failed', why: 'no answer' };
  const { code: status } = response;
  const text = Buffer.from(response.stream.data).toString();
  const body = parse(text);
  if (isUnserved(status, body)) return { request, status, verdict: 'not served', why: '' };
  if (status !== 200) {
    const message = (body as Record<string, unknown> | null)?.['message'];
    return { request, status, verdict: 'failed', why: typeof message === 'string' ? message : '' };
  }
  const differing = request.example === undefined ? undefined : difference(request.example, body, '');
  return differing === undefined
    ? { request, status, verdict: 'passed', why: '' }
    : { request, status, verdict: 'failed', why: `another shape: ${differing}` };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const PLACEHOLDERS: Readonly<Record<string, string>> = {
  '<integer>': 'number',
  '<long>': 'number',
  '<number>': 'number',
  '<double>': 'number',
  '<boolean>': 'boolean',
};

const kindOf = (value: unknown): string =>
  Array.isArray(value)
    ? 'array'
    : typeof value === 'string'
      ? (PLACEHOLDERS[value] ?? 'string')
      : typeof value;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Where an answer is not as the example; null stands for anything, and names are compared without case. */
function difference(example: unknown, answer: unknown, at: string): string | undefined {
  if (answer === null) return undefined;
  const [wanted, found] = [kindOf(example), kindOf(answer)];
  if (wanted !== found) return `${at === '' ? 'the body' : at} is ${found}, not ${wanted}`;
  if (Array.isArray(example) && Array.isArray(answer)) {
    const differing = answer.map((one, index) =>
      example.length === 0 ? undefined : difference(example[0], one, `${at}[${index}]`),
    );
    return differing.find(one => one !== undefined);
  }
  if (!isObject(example) || !isObject(answer)) return undefined;
  const members = new Map(Object.entries(answer).map(([name, value]) => [name.toLowerCase(), value]));
  const common = Object.keys(example).filter(name => members.has(name.toLowerCase()));
  if (common.length === 0 && Object.keys(example).length > 0 && members.size > 0) {
    return `${at === '' ? 'the body' : at} has none of its members`;
  }
  return common
    .map(name =>
      difference(example[name], members.get(name.toLowerCase()), at === '' ? name : `${at}.${name}`),
    )
    .find(one => one !== undefined);
}

const NO_SUCH_THING = 'the platform has nothing of the kind, and no SDK or tool of the contract asks';

/** Of groups that have something to do with what is here. */
const WHY_NOT: Readonly<Record<string, string>> = {
  FolderPermissions: 'roles have no numbers; `/vault/api/v1/folders` has them',
  Folders: 'roles and moves are on the trail; any template may be used in any folder',
  Groups: 'roles are what groups are for; `/role-store/api/v1`',
  RemotePasswordChanging: 'policies and rotation are at `/secrets-manager/api/v1`',
  Roles: '`/role-store/api/v1`',
  SdkClientAudits: 'the trail is at `/monitor-service/api/v1`',
  SecretAccessRequests: 'accounts are checked out by those who may, without an approval',
  SecretPermissions: 'roles have no numbers; `/vault/api/v1/secrets` has them',
  Secrets: 'there is no proxy, no approval, no double lock and no hook; versions have their own API',
  SecretTemplates: 'schemas are made at `/vault/api/v1/schemas`; one rule for passwords',
  Users: 'roles and second factors are at `/role-store/api/v1` and `/auth/api/v1`',
};

const cell = (text: string): string => text.replaceAll('|', '\\|');

export function report(outcomes: readonly Outcome[]): string {
  const of = (verdict: Outcome['verdict']) => outcomes.filter(one => one.verdict === verdict);
  const [passed, failed, unserved] = [of('passed'), of('failed'), of('not served')];
  const groups = new Map<string, Outcome[]>();
  for (const one of unserved) groups.set(one.request.group, [...(groups.get(one.request.group) ?? []), one]);
  return [
    "# Secret Server's Postman collection",
    '',
    'Made by `node bench/dist/secret-server-postman.js <collection> docs/secret-server-postman.md` from the collection 10.9.35',
    'of DelineaXPM/secretserver-postman (commit `45e8a40`), under newman, against a platform of its own. Placeholders are',
    'filled in; optional ones that ask for what is not done here are left out. **Passed** is an answer of 200 whose members are',
    "of the kinds that the collection's own example has, wherever both have them. What is **not served** answers 404 without",
    'an `errorCode`.',
    '',
    `Of ${outcomes.length} requests ${passed.length} passed, ${failed.length} failed and ${unserved.length} are not served.`,
    '',
    '## Passed and failed',
    '',
    '| group | request | route | status | outcome |',
    '| --- | --- | --- | --- | --- |',
    ...[...passed, ...failed].map(
      ({ request, status, verdict, why }) =>
        `| ${request.group} | ${cell(request.name)} | \`${request.method} ${request.path}\` | ${status ?? ''} | ${verdict}${why === '' ? '' : `: ${cell(why)}`} |`,
    ),
    '',
    'Why the rest fails: `users/stub` and `users/public-ssh-keys` are not here; a program does not change its own password',
    'without stating the one it has, and the switch of SDK clients is stated, not turned over. The examples of the state of a',
    'secret, of that switch and of revoking are of other shapes than the product and its clients use (a page, a client).',
    '',
    '## Not served, by group',
    '',
    '| group | why | requests |',
    '| --- | --- | --- |',
    ...[...groups].map(
      ([group, ones]) =>
        `| ${group} | ${WHY_NOT[group] ?? NO_SUCH_THING} | ${ones.length}: ${cell(ones.map(one => one.request.name).join('; '))} |`,
    ),
    '',
  ].join('\n');
}
