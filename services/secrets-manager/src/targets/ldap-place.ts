import type { Endpoint } from '../domain/target-domain.ts';
import type { LdapSecurity } from './ldap-connection.ts';
import type { Place } from './target.ts';
import { TargetError } from './target-error.ts';

/** In any case. Without one it is LDAPS: whoever says nothing gets TLS. */
export const LDAP_PROTOCOLS = ['LDAP', 'LDAPS', 'STARTTLS'] as const;

/** Where an endpoint is, and how it is spoken to. */
export interface LdapPlace extends Place {
  readonly protocol: LdapSecurity['protocol'];
  readonly trust: LdapSecurity['trust'];
}

/** Throws for one that would be spoken to without TLS: passwords cross the network, and what is found is believed. */
export function ldapPlace(endpoint: Endpoint): LdapPlace {
  const word = (endpoint.ldap_protocol ?? '').toUpperCase();
  if (word === 'LDAP') throw new TargetError('plaintext-refused');
  const protocol = word === 'STARTTLS' ? 'starttls' : 'ldaps';
  const port = endpoint.ldap_port ?? 0;
  const authorities = endpoint.ldap_root_certificates ?? '';
  return {
    host: endpoint.ldap_address ?? '',
    port: port === 0 ? { starttls: 389, ldaps: 636 }[protocol] : port,
    protocol,
    trust:
      endpoint.ldap_skip_strict_cert_check === true
        ? 'unchecked'
        : authorities === ''
          ? {}
          : { ca: authorities },
  };
}
