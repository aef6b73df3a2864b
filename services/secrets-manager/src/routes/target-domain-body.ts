import { Line, Members, OrNull, Text, Type, type Static } from '@strongroom/schema/types';
import { DEFAULT_SCAN_INTERVAL_SECONDS, type TargetDomainSettings } from '../domain/target-domain.ts';
import { checkedName, NameInput } from './name.ts';
import { Count, Flag, Label, List, OptionalId, Port, withoutNulls, Word } from './wire-types.ts';

/** A way to a directory (contract 3.5). What it must say depends on its type, so that is checked there. */
export const EndpointBody = Members({
  type: Line(64, 1),
  scan_priority: Count,
  rotation_priority: Count,
  attribute_mapping: OrNull(Type.Record(Type.String({ maxLength: 64 }), Line(256), { maxProperties: 50 })),
  ldap_protocol: Word,
  ldap_address: Label,
  ldap_port: Port,
  ldap_base_dn: Label,
  ldap_bind_dn: Label,
  ldap_bind_password: OrNull(Text(4_096)),
  ldap_user_filter: OrNull(Text(8_192)),
  ldap_root_certificates: OrNull(Text(65_536)),
  ldap_skip_strict_cert_check: Flag,
  entra_base_url: Label,
  entra_tenant_id: Label,
  entra_client_id: Label,
  entra_client_secret: OrNull(Text(4_096)),
  entra_batch_size: Count,
  entra_page_size: Count,
  entra_group_filter: List(Line(1_024), 1_000),
});

/** What clients may say of a target domain. All else that they echo is the server's own and dropped. */
export const TargetDomainBody = Members({
  name: NameInput,
  domain_name: Label,
  enabled: Flag,
  periodic_scan: Flag,
  // Seconds, up to ten years.
  periodic_scan_interval: OrNull(Type.Integer({ minimum: 0, maximum: 315_360_000 })),
  auto_onboarding: Flag,
  auto_onboarding_policy: OrNull(Members({ id: OptionalId })),
  endpoints: List(EndpointBody, 20),
  comment: OrNull(Text(16_384)),
});

/** Go's SDK sends false where a flag is not set, so only a client that leaves it out means what is usual. */
export function toTargetDomainSettings(body: Static<typeof TargetDomainBody>): TargetDomainSettings {
  const given = withoutNulls(body);
  const policyId = given.auto_onboarding_policy?.id ?? '';
  const interval = given.periodic_scan_interval ?? 0;
  return {
    name: checkedName(given.name),
    domainName: given.domain_name ?? '',
    enabled: given.enabled ?? true,
    periodicScan: given.periodic_scan ?? false,
    periodicScanInterval: interval === 0 ? DEFAULT_SCAN_INTERVAL_SECONDS : interval,
    autoOnboarding: given.auto_onboarding ?? false,
    autoOnboardingPolicyId: policyId === '' ? null : policyId.toLowerCase(),
    endpoints: given.endpoints ?? [],
    comment: given.comment ?? '',
  };
}
