import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { connect } from 'node:net';
import { freePort } from '@strongroom/embedded-postgres/free-port';
import { issueAuthority, issueServerCertificate } from '@strongroom/installation/certificates';
import { greets } from './greets.ts';
import { demand } from './on-demand.ts';
import { ownServer, programLauncher, type OwnServer } from './own-server.ts';

/** Whether `startSlapd` works here. With CI=true a machine that cannot is a failure. */
export const canStartSlapd = async (): Promise<boolean> => (await demand('slapd-program')) !== undefined;

export const SUFFIX = 'dc=example,dc=test';

export interface TestSlapd extends Pick<OwnServer, 'port' | 'start' | 'kill' | 'stop'> {
  /** `port` speaks LDAP and STARTTLS, this one LDAPS. */
  readonly tlsPort: number;
  /** May do everything. */
  readonly admin: { readonly name: string; readonly password: string };
  /** The authority (PEM) of its certificate, which is for 127.0.0.1. */
  readonly ca: string;
  /** Whether it takes this password for an entry of this name. Shares no code with the platform. */
  opens: (name: string, password: string) => Promise<boolean>;
  /** These entries (LDIF) and the suffix, and none that was there before. */
  load: (ldif: string) => Promise<void>;
}

/** An entry in LDIF (RFC 2849), where any value can stand. */
export const ldifEntry = (
  name: string,
  attributes: Readonly<Record<string, string | Buffer | readonly string[]>>,
): string => {
  const line = (attribute: string, value: string | Buffer) =>
    `${attribute}:: ${Buffer.from(value).toString('base64')}\n`;
  const lines = Object.entries(attributes).map(([attribute, values]) =>
    typeof values === 'string' || Buffer.isBuffer(values)
      ? line(attribute, values)
      : values.map(value => line(attribute, value)).join(''),
  );
  return `${line('dn', name)}${lines.join('')}\n`;
};

/** Attributes by which Active Directory names accounts, for a class that any entry may have besides. */
const ACTIVE_DIRECTORY = [
  `attributetype ( 1.2.840.113556.1.4.2 NAME 'objectGUID' EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )`,
  `attributetype ( 1.2.840.113556.1.4.146 NAME 'objectSid' EQUALITY octetStringMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )`,
  `attributetype ( 1.2.840.113556.1.4.221 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )`,
  `attributetype ( 1.2.840.113556.1.4.656 NAME 'userPrincipalName' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )`,
  `objectclass ( 1.3.6.1.4.1.4203.666.1 NAME 'adUser' SUP top AUXILIARY MAY ( objectGUID $ objectSid $ sAMAccountName $ userPrincipalName ) )`,
];

/**
 * Started; an OpenLDAP of one test, with TLS, which gives nobody more than 500 entries at once without pages. Who has not
 * signed in sees nothing, unless anyone may read.
 */
export async function startSlapd({ anyoneReads = false } = {}): Promise<TestSlapd> {
  const program = await demand<string>('slapd-program');
  if (program === undefined) throw new Error('this machine can run no slapd');
  const [port, tlsPort] = [await freePort(), await freePort()];
  const directory = await mkdtemp(path.join(tmpdir(), 'strongroom-slapd-'));
  await chmod(directory, 0o711);
  const place = (name: string) => path.join(directory, name);
  const authority = await issueAuthority(new Date());
  const issued = await issueServerCertificate(authority, ['127.0.0.1'], new Date());
  const admin = { name: `cn=admin,${SUFFIX}`, password: randomBytes(24).toString('base64url') };
  const settings = [
    ...['core', 'cosine', 'inetorgperson'].map(schema => `include /etc/ldap/schema/${schema}.schema`),
    ...ACTIVE_DIRECTORY,
    'modulepath /usr/lib/ldap',
    'moduleload back_mdb',
    `pidfile ${place('pid')}`,
    `TLSCertificateFile ${place('cert.pem')}`,
    `TLSCertificateKeyFile ${place('key.pem')}`,
    'sizelimit size.soft=500 size.hard=500 size.prtotal=unlimited',
    'database mdb',
    'maxsize 1073741824',
    `suffix "${SUFFIX}"`,
    `rootdn "${admin.name}"`,
    `rootpw ${admin.password}`,
    `directory ${place('data')}`,
    'dbnosync',
    'index objectClass,uid eq',
    'access to attrs=userPassword by self write by anonymous auth by * none',
    `access to * by ${anyoneReads ? '*' : 'users'} read by * none`,
  ];
  await writeFile(place('cert.pem'), issued.certificate, { mode: 0o600 });
  await writeFile(place('key.pem'), issued.key, { mode: 0o600 });
  await writeFile(place('slapd.conf'), `${settings.join('\n')}\n`, { mode: 0o600 });

  const fill = async (ldif: string) => {
    await rm(place('data'), { recursive: true, force: true });
    await mkdir(place('data'), { mode: 0o700 });
    const top = ldifEntry(SUFFIX, { objectClass: ['dcObject', 'organization'], dc: 'example', o: 'example' });
    await writeFile(place('entries.ldif'), top + ldif, { mode: 0o600 });
    await promisify(execFile)(program, [
      '-T',
      'add',
      '-q',
      '-f',
      place('slapd.conf'),
      '-l',
      place('entries.ldif'),
    ]);
  };
  const launcher = programLauncher({
    program,
    args: [
      '-d',
      '0',
      '-f',
      place('slapd.conf'),
      '-h',
      `ldap://127.0.0.1:${port} ldaps://127.0.0.1:${tlsPort}`,
    ],
    account: undefined,
    logFile: place('log'),
    remove: () => rm(directory, { recursive: true, force: true }),
  });
  const { start, kill, stop } = ownServer({ url: `ldap://127.0.0.1:${port}`, port }, launcher, () =>
    greets(port, chunk => chunk[0] === 0x30, ANONYMOUS_BIND),
  );
  await fill('');
  await start();
  return {
    port,
    tlsPort,
    start,
    kill,
    stop,
    admin,
    ca: authority.certificate,
    opens: (name, password) => signsIn(port, name, password),
    async load(ldif) {
      await kill();
      await fill(ldif);
      await start();
    },
  };
}

const ANONYMOUS_BIND = Buffer.from('300c020101600702010304008000', 'hex');

const INVALID_CREDENTIALS = 49;
const DEADLINE_MS = 30_000;

/** A bind (RFC 4511, 4.2). Rejects when the directory says neither yes nor no. */
function signsIn(port: number, name: string, password: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const request = element(0x60, Buffer.from([2, 1, 3]), element(4, name), element(0x80, password));
    socket.write(element(0x30, Buffer.from([2, 1, 1]), request));
    socket.setTimeout(DEADLINE_MS, () => socket.destroy(new Error('the directory says nothing')));
    socket.once('error', reject);
    socket.once('data', answer => {
      socket.destroy();
      // 30 length 02 01 01 61 length 0a 01 code: all of it is short.
      const code = answer[5] === 0x61 ? answer[9] : undefined;
      if (code === 0 || code === INVALID_CREDENTIALS) resolve(code === 0);
      else reject(new Error(`the directory answers a sign-in by ${String(code)}`));
    });
  });
}

function element(tag: number, ...parts: readonly (string | Buffer)[]): Buffer {
  const content = Buffer.concat(parts.map(part => Buffer.from(part)));
  const length = [0x82, content.length >> 8, content.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}
