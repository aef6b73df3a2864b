import { Line, Members, OrNull, Text } from '@strongroom/schema/types';
import { ByteCount, Count, Flag, Label, List, Port, Word } from './wire-types.ts';

/**
 * A service of a host (contract 6.2). `status`, `status_updated`, `created` and `updated` are the server's own: they
 * are dropped, since nothing here looks after services yet.
 */
export const HostServiceBody = Members({
  service: Line(64, 1),
  address: Label,
  port: Port,
  use_for_password_rotation: Flag,
  ssh_tunnel_port: Port,
  use_plaintext_vnc: Flag,
  source: Label,
  realm: Label,
  login_page_url: OrNull(Line(4_096)),
  username_field_name: Label,
  password_field_name: Label,
  login_request_url: OrNull(Line(4_096)),
  login_request_password_property: Label,
  auth_type: Word,
  allowed_domains: List(Line(1_024), 1_000),
  browser: Label,
  kiosk_mode: Flag,
  enable_urlbar: Flag,
  enable_navibar: Flag,
  autohide_navibar: Flag,
  enable_devtools: Flag,
  enable_popups: Flag,
  enable_web_compatibility_mode: Flag,
  timezone: Word,
  idle_time_limit: Count,
  web_x11_backend: Word,
  service_version: Label,
  certificate_template: Label,
  allow_modified_web_params: Flag,
  protocol_version: Word,
  latency_in_microseconds: Count,
  db: OrNull(
    Members({
      protocol: Word,
      tls_certificate_validation: Word,
      tls_certificate_trust_anchors: OrNull(Text(65_536)),
      audit_skip_bytes: ByteCount,
    }),
  ),
  use_legacy_cipher_suites: Flag,
  tls_min_version: Word,
  tls_max_version: Word,
  rds_type: Word,
  rds_lb: OrNull(Members({ session_hosts_count: Port })),
  rds_broker: OrNull(
    Members({ broker_hostname: Label, broker_port: Port, collection_name: Label, session_hosts_count: Port }),
  ),
});
