import type { Settings } from '@strongroom/config/settings';
import type { HttpTarget } from './clients/http-sink.ts';
import type { SyslogTarget } from './clients/syslog-sink.ts';

/** Where the trail goes beside the database. */
export interface ForwardingConfig {
  readonly syslog: SyslogTarget | undefined;
  readonly http: HttpTarget | undefined;
  /** Where a receiver begins that is configured for the first time. */
  readonly from: 'now' | 'beginning';
}

export interface ForwardingSecrets {
  readonly auditHttpToken: string | undefined;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'tcp:': 601, 'tls:': 6514 };

export function readForwarding(settings: Settings): { config: ForwardingConfig; secrets: ForwardingSecrets } {
  const http = readHttp(settings);
  const token = settings.optionalText('STRONGROOM_AUDIT_HTTP_TOKEN');
  // RFC 6750, 2.1; anything else would not be a header.
  if (token !== undefined && !/^[\w.~+/-]+=*$/.test(token)) {
    settings.fault('STRONGROOM_AUDIT_HTTP_TOKEN must be a bearer token');
  }
  if (token !== undefined && http === undefined) {
    settings.fault('STRONGROOM_AUDIT_HTTP_TOKEN is set without STRONGROOM_AUDIT_HTTP_URL');
  }
  return {
    config: Object.freeze({
      syslog: readSyslog(settings),
      http,
      from: settings.choice('STRONGROOM_AUDIT_FORWARD_FROM', ['now', 'beginning'], 'now'),
    }),
    secrets: { auditHttpToken: token },
  };
}

function readSyslog(settings: Settings): SyslogTarget | undefined {
  const text = settings.optionalText('STRONGROOM_SYSLOG_URL');
  const ca = settings.optionalText('STRONGROOM_SYSLOG_CA');
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const defaultPort = url && DEFAULT_PORTS[url.protocol];
  const isAddress = url !== undefined && url.hostname !== '' && url.href.replace(/\/$/, '') === originOf(url);
  if (defaultPort === undefined || !isAddress) {
    settings.fault('STRONGROOM_SYSLOG_URL must be tcp://host:port or tls://host:port');
    return undefined;
  }
  return Object.freeze({
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? defaultPort : Number(url.port),
    tls: url.protocol === 'tls:',
    ca,
  });
}

/** `URL.origin` knows the schemes of the web only. */
const originOf = (url: URL): string => `${url.protocol}//${url.host}`;

function readHttp(settings: Settings): HttpTarget | undefined {
  const text = settings.optionalText('STRONGROOM_AUDIT_HTTP_URL');
  const ca = settings.optionalText('STRONGROOM_AUDIT_HTTP_CA');
  const isCompressed = settings.boolean('STRONGROOM_AUDIT_HTTP_GZIP', false);
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // A secret in the address would be a secret in the configuration.
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    settings.fault('STRONGROOM_AUDIT_HTTP_URL must be an http or https address without user and password');
    return undefined;
  }
  return Object.freeze({ url: url.href, ca, gzip: isCompressed });
}
