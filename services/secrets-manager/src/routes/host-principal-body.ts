import { Line, Members, OrNull, Text, Uuid } from '@strongroom/schema/types';
import { ByteCount, Flag, Label, List, OptionalId, Word } from './wire-types.ts';

/** An account on a host (contract 6.2). Names of roles and whitelists are read-only, so they are dropped. */

const Roles = List(Members({ id: Uuid }), 1_000);
const Whitelist = OrNull(Members({ id: OptionalId }));

const flags = (...names: string[]) => OrNull(Members(Object.fromEntries(names.map(name => [name, Flag]))));

export const ServiceOptions = Members({
  ssh: flags('shell', 'file_transfer', 'exec', 'tunnels', 'x11', 'other'),
  rdp: flags('file_transfer', 'audio', 'clipboard'),
  web: flags('file_transfer', 'audio', 'clipboard'),
  vnc: flags('file_transfer', 'clipboard'),
  db: OrNull(Members({ max_bytes_upload: ByteCount, max_bytes_download: ByteCount })),
});

export const HostPrincipalBody = Members({
  principal: Label,
  target_domain: OrNull(Members({ id: Label, name: Label })),
  passphrase: OrNull(Text(4_096)),
  rotate: Flag,
  use_for_password_rotation: Flag,
  username_attribute: Label,
  use_user_account: Flag,
  source: Label,
  roles: Roles,
  applications: List(
    Members({
      name: Label,
      application: OrNull(Line(4_096)),
      arguments: OrNull(Line(4_096)),
      working_directory: OrNull(Line(4_096)),
    }),
    1_000,
  ),
  service_options: OrNull(ServiceOptions),
  command_restrictions: OrNull(
    Members({
      enabled: Flag,
      rshell_variant: Word,
      default_whitelist: Whitelist,
      whitelists: List(Members({ whitelist: Whitelist, roles: Roles }), 100),
      allow_no_match: Flag,
      audit_match: Flag,
      audit_no_match: Flag,
      banner: OrNull(Text(16_384)),
    }),
  ),
});
