import { isIP } from 'node:net';
import { rootCertificates } from 'node:tls';
import { errorCode } from '@strongroom/errors/system-error';
import type { Trust } from './target.ts';

export interface TlsOptions {
  readonly ca?: string | string[];
  readonly rejectUnauthorized?: false;
  readonly servername?: string;
  readonly host?: string;
}

/** For a TLS client on a socket that is connected already. An address has no place in SNI (RFC 6066, 3). */
export const tlsOptions = (host: string, trust: Trust): TlsOptions | false =>
  trust !== 'off' && {
    ...(trust === 'unchecked'
      ? { rejectUnauthorized: false as const }
      : { ca: trust.ca ?? [...rootCertificates] }),
    ...(isIP(host) === 0 ? { servername: host } : { host }),
  };

/** Node's and OpenSSL's codes for a certificate that does not hold, or for a peer that has no TLS. */
export function isTlsFault(error: unknown): boolean {
  const code = errorCode(error);
  return (
    typeof code === 'string' && /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_)/.test(code)
  );
}
