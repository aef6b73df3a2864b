import 'reflect-metadata';
import { createPrivateKey, KeyObject, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

const ECDSA = { name: 'ECDSA', namedCurve: 'P-256' };
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' };
const DAY_MS = 86_400_000;
const CA_DAYS = 3653;
// The most that Apple's verifiers accept is 398.
const SERVER_DAYS = 397;
// For clients whose clocks are behind ours.
const BACKDATED_MS = 3_600_000;

/** PEM texts; the key is PKCS #8. */
export interface IssuedCertificate {
  certificate: string;
  key: string;
}

/** A certification authority that signs server certificates and nothing below it (RFC 5280). */
export async function issueAuthority(now: Date): Promise<IssuedCertificate> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Strongroom local CA',
    keys,
    signingAlgorithm: SIGNING,
    ...validity(now, CA_DAYS),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pem(certificate), key: exportKey(keys.privateKey) };
}

/** `names` are DNS names and IP addresses; verifiers look at these and not at the subject (RFC 9525). */
export async function issueServerCertificate(
  authority: IssuedCertificate,
  names: readonly string[],
  now: Date,
): Promise<IssuedCertificate> {
  const issuer = new x509.X509Certificate(authority.certificate);
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    subject: 'CN=Strongroom',
    issuer: issuer.subjectName,
    publicKey: keys.publicKey,
    signingKey: await importSigningKey(authority.key),
    signingAlgorithm: SIGNING,
    ...validity(now, SERVER_DAYS),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map(name => ({ type: isIP(name) === 0 ? ('dns' as const) : ('ip' as const), value: name })),
      ),
      // Strict verifiers (OpenSSL's x509_strict, Python 3.13) want both identifiers.
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return { certificate: pem(certificate), key: exportKey(keys.privateKey) };
}

function validity(now: Date, days: number): { notBefore: Date; notAfter: Date } {
  const start = now.getTime() - BACKDATED_MS;
  return { notBefore: new Date(start), notAfter: new Date(start + days * DAY_MS) };
}

const generateKeys = () => webcrypto.subtle.generateKey(ECDSA, true, ['sign', 'verify']);

const exportKey = (key: webcrypto.CryptoKey): string =>
  KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }).toString();

const importSigningKey = (text: string) =>
  webcrypto.subtle.importKey(
    'pkcs8',
    createPrivateKey(text).export({ type: 'pkcs8', format: 'der' }),
    ECDSA,
    false,
    ['sign'],
  );

const pem = (certificate: x509.X509Certificate): string => `${certificate.toString('pem').trim()}\n`;
