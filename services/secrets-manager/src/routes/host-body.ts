import { Choice, Line, Members, OrNull, Text, type Static } from '@strongroom/schema/types';
import { DISABLED_BY_ADMIN, type HostDocument } from '../domain/host.ts';
import type { HostInput } from '../operations/write-host.ts';
import { HostPrincipalBody } from './host-principal-body.ts';
import { HostServiceBody } from './host-service-body.ts';
import { Flag, Label, List, OptionalId, Port, withoutNulls, Word } from './wire-types.ts';

/** Contract 6.3. What it must say depends on the host, so that is checked there. */
const PasswordRotation = Members({
  access_group_id: Word,
  use_main_account: Flag,
  operating_system: Word,
  winrm_address: Label,
  winrm_port: Port,
  certificate_validation_options: Word,
  winrm_host_certificate_trust_anchors: OrNull(Text(65_536)),
  protocol: Word,
  password_policy_id: OptionalId,
  script_template_id: OptionalId,
});

/** What clients may say of a host (contract 6.2). All else that they echo is the server's own and dropped. */
export const HostBody = Members({
  common_name: Label,
  addresses: List(Line(1_024, 1), 200),
  external_id: Label,
  instance_id: Label,
  source_id: Label,
  access_group_id: Word,
  contact_address: Label,
  cloud_provider: Label,
  cloud_provider_region: Label,
  distinguished_name: Label,
  organization: Label,
  organizational_unit: Label,
  zone: Label,
  scope: List(Line(1_024), 200),
  host_type: Label,
  host_classification: Label,
  comment: OrNull(Text(16_384)),
  user_message: OrNull(Text(16_384)),
  tags: List(Line(256, 1), 200),
  status: List(Members({ k: Line(256), v: Line(4_096) }), 100),
  tofu: Flag,
  toch: Flag,
  stand_alone_host: Flag,
  audit_enabled: Flag,
  ssh_host_public_keys: List(Members({ key: Text(16_384), fingerprint: Label }), 100),
  host_certificate_raw: OrNull(Text(65_536)),
  session_recording_options: OrNull(
    Members({ disable_clipboard_recording: Flag, disable_file_transfer_recording: Flag }),
  ),
  services: List(HostServiceBody, 200),
  principals: List(HostPrincipalBody, 1_000),
  password_rotation_enabled: Flag,
  password_rotation: OrNull(PasswordRotation),
  deployable: Flag,
  // A text here, a boolean in the call that changes it alone (contract 6.1).
  disabled: OrNull(Choice('', 'false', 'true', 'BY_ADMIN', 'BY_LICENSE')),
});

export function toHostInput(body: Static<typeof HostBody>): HostInput {
  const { disabled, deployable, ...rest } = withoutNulls(body);
  return {
    document: lowerIds(rest) as HostDocument,
    disabled: disabled === 'true' ? DISABLED_BY_ADMIN : disabled === '' ? undefined : disabled,
    deployable,
  };
}

/** Ids of roles and whitelists are compared as text, so they are kept in one form. */
function lowerIds(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map(item => lowerIds(item, name));
  if (typeof value === 'string') return name === 'id' ? value.toLowerCase() : value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([member, inner]) => [
      member,
      // A target domain is of another service, which says what its ids are.
      member === 'target_domain' ? inner : lowerIds(inner, member),
    ]),
  );
}
