import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { type IssuedCertificate, issueAuthority, issueServerCertificate } from './certificates.ts';
import { writeDurably } from './durable-file.ts';
import { isAnyAddress, isHostName } from './public-address.ts';
import { readText } from './secret-file.ts';

const RENEWAL_MS = 30 * 86_400_000;

export interface TlsOptions {
  directory: string;
  /** The host that the gateway listens on. */
  host: string;
  /** Other names or addresses by which clients reach it. */
  others?: readonly string[];
  /** This machine's name, os.hostname(). */
  hostname: string;
  now: Date;
  /** Of the server's key; 0600 unless said otherwise. */
  keyMode?: number;
}

export interface TlsMaterial {
  /** What clients are to trust. */
  caFile: string;
  /** PEM texts for the gateway's listener. */
  certificate: string;
  key: string;
  /** Whether the server certificate was issued at this start. */
  reissued: boolean;
}

/**
 * The gateway's certificate, from an authority of this installation: clients are told once to trust the authority,
 * which stays, and do not notice when the certificate is replaced.
 */
export async function prepareTls(options: TlsOptions): Promise<TlsMaterial> {
  await mkdir(options.directory, { recursive: true, mode: 0o700 });
  const file = (name: string) => join(options.directory, name);
  const caFile = file('ca.pem');
  const authority = await readOrIssueAuthority(caFile, file('ca.key'), options.now);

  const [certificate, key] = [await readText(file('server.pem')), await readText(file('server.key'))];
  if (certificate !== undefined && key !== undefined) {
    if (isUsable({ certificate, key }, authority.certificate, options)) {
      return { caFile, certificate, key, reissued: false };
    }
  }
  if (authority.key === undefined) {
    throw new Error(`The server certificate must be issued anew, and for that ${file('ca.key')} is missing`);
  }
  const issued = await issueServerCertificate(
    { certificate: authority.certificate, key: authority.key },
    serverNames(options),
    options.now,
  );
  // A stop between the two leaves a pair that does not fit; the next start sees that and issues another.
  await writeDurably(file('server.key'), issued.key, options.keyMode ?? 0o600);
  await writeDurably(file('server.pem'), issued.certificate, 0o644);
  return { caFile, ...issued, reissued: true };
}

/** The key may be absent: a careful operator keeps it elsewhere until a certificate is due. */
async function readOrIssueAuthority(
  caFile: string,
  keyFile: string,
  now: Date,
): Promise<{ certificate: string; key: string | undefined }> {
  const certificate = await readText(caFile);
  const key = await readText(keyFile);
  if (certificate !== undefined) {
    if (key !== undefined && !fit(certificate, key)) {
      throw new Error(`${caFile} and ${keyFile} do not belong together. Put the right files back.`);
    }
    return { certificate, key };
  }
  const issued = await issueAuthority(now);
  // The certificate comes last: where it stands, a client may trust it, and its key is complete.
  await writeDurably(keyFile, issued.key, 0o600);
  await writeDurably(caFile, issued.certificate, 0o644);
  return issued;
}

function serverNames({ host, others = [], hostname }: TlsOptions): string[] {
  const given = [host, ...others, hostname].filter(
    name => (isIP(name) !== 0 || isHostName(name)) && !isAnyAddress(name),
  );
  return [...new Set(['localhost', '127.0.0.1', '::1', ...given])];
}

/** Whether a client that trusts the authority and asks for the host would accept this, now and for the next 30 days. */
function isUsable(
  server: IssuedCertificate,
  authority: string,
  { host, others = [], now }: TlsOptions,
): boolean {
  const certificate = parse(server.certificate);
  const issuer = parse(authority);
  if (certificate === undefined || issuer === undefined) return false;
  return (
    [host, ...others].every(name => isNameOf(certificate, name)) &&
    certificate.checkIssued(issuer) &&
    certificate.verify(issuer.publicKey) &&
    fit(server.certificate, server.key) &&
    Date.parse(certificate.validFrom) <= now.getTime() &&
    Date.parse(certificate.validTo) - now.getTime() > RENEWAL_MS
  );
}

function isNameOf(certificate: X509Certificate, host: string): boolean {
  if (isAnyAddress(host)) return true;
  return isIP(host) === 0
    ? certificate.checkHost(host, { subject: 'never' }) !== undefined
    : certificate.checkIP(host) !== undefined;
}

function fit(certificate: string, key: string): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
  } catch {
    // Not PEM, or not what it says: nothing that fits.
    return false;
  }
}

function parse(certificate: string): X509Certificate | undefined {
  try {
    return new X509Certificate(certificate);
  } catch {
    return undefined;
  }
}
