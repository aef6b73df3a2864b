import { invalidField } from '@strongroom/errors/common-errors';
import type { HostDocument, RotationBlock } from './host.ts';
import { OPERATING_SYSTEMS, type OperatingSystem } from './script-template.ts';

export const PROTOCOLS = ['SSH', 'WINRM'] as const;
export type Protocol = (typeof PROTOCOLS)[number];
export const CERTIFICATE_VALIDATION = ['DISABLED', 'ENABLED'] as const;
export type CertificateValidation = (typeof CERTIFICATE_VALIDATION)[number];

/** How passwords on a host are changed (contract 3.3). */
export interface HostSecretSettings {
  readonly accessGroupId: string;
  readonly address: string;
  readonly port: number;
  readonly operatingSystem: OperatingSystem;
  readonly protocol: Protocol;
  readonly certificateValidationOptions: CertificateValidation;
  readonly trustAnchors: string;
  readonly useMainAccount: boolean;
  /** Who changes the passwords of the others; empty: each account its own. */
  readonly mainAccount: string;
  readonly passwordPolicyId: string;
  readonly scriptTemplateId: string;
}

export interface HostSecret extends HostSecretSettings {
  readonly hostId: string;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly updatedAt: Date;
  readonly updatedBy: string;
}

/** An account whose password is changed, and how the last change went. */
export interface Account {
  readonly hostId: string;
  readonly account: string;
  readonly rotationInitiated: Date | null;
  readonly lastRotated: Date | null;
  readonly lastError: Date | null;
  readonly lastErrorDetails: string;
  readonly createdAt: Date;
  readonly createdBy: string;
}

/** PrivX's: HTTPS, which certificates are checked on. */
const WINRM_PORT = 5986;
const SSH_PORT = 22;

/** Go's SDK sends empty texts and zeros for what is unset. */
const firstGiven = <T extends string | number>(given: T | undefined, otherwise: T): T =>
  given === undefined || given === '' || given === 0 ? otherwise : given;

const missing = (property: string, message: string) =>
  invalidField(property, message, 'REQUIRED_VALUE_MISSING');

/** What a host with rotation enabled says of it. Undefined: it is not enabled. */
export function hostSecretOf(document: HostDocument): HostSecretSettings | undefined {
  if (document.password_rotation_enabled !== true) return undefined;
  const block = document.password_rotation;
  if (block === undefined) {
    throw missing('password_rotation', 'password_rotation is required while rotation is enabled');
  }
  const at = 'password_rotation';
  const protocol = oneOf(PROTOCOLS, block.protocol, `${at}.protocol`, 'SSH');
  return {
    accessGroupId: block.access_group_id ?? '',
    ...endpointOf(document, block, protocol),
    operatingSystem: oneOf(OPERATING_SYSTEMS, block.operating_system, `${at}.operating_system`),
    protocol,
    certificateValidationOptions: oneOf(
      CERTIFICATE_VALIDATION,
      block.certificate_validation_options,
      `${at}.certificate_validation_options`,
      'DISABLED',
    ),
    trustAnchors: block.winrm_host_certificate_trust_anchors ?? '',
    useMainAccount: block.use_main_account === true,
    mainAccount: block.use_main_account === true ? mainAccountOf(document) : '',
    passwordPolicyId: required(block.password_policy_id, `${at}.password_policy_id`),
    scriptTemplateId: required(block.script_template_id, `${at}.script_template_id`),
  };
}

/** Where the change is made: by WinRM as the block says, by SSH at the service that is meant for it. */
function endpointOf(
  { addresses = [], services = [] }: HostDocument,
  block: RotationBlock,
  protocol: Protocol,
): Pick<HostSecretSettings, 'address' | 'port'> {
  const ssh = services.filter(({ service }) => service?.toUpperCase() === 'SSH');
  const service = ssh.find(candidate => candidate.use_for_password_rotation === true) ?? ssh[0];
  if (protocol === 'SSH' && service === undefined) {
    throw missing('services', 'services must have one of SSH, by which passwords are changed');
  }
  const [given, port] =
    protocol === 'WINRM'
      ? [block.winrm_address, firstGiven(block.winrm_port, WINRM_PORT)]
      : [service?.address, firstGiven(service?.port, SSH_PORT)];
  const address = firstGiven(given, addresses[0] ?? '');
  if (address === '') {
    throw missing('addresses', 'addresses must have one at which passwords are changed');
  }
  return { address, port };
}

function mainAccountOf({ principals = [] }: HostDocument): string {
  const main = principals.find(candidate => candidate.use_for_password_rotation === true);
  if (main?.principal === undefined || main.principal === '') {
    throw missing('principals', 'principals must have the main account, marked use_for_password_rotation');
  }
  return main.principal;
}

/** The accounts whose passwords are to be changed, each once, with the passphrase that it has now. */
export function rotatedAccounts(
  { principals = [] }: HostDocument,
  passphrases: readonly string[],
): ReadonlyMap<string, string> {
  const accounts = new Map<string, string>();
  principals.forEach(({ principal = '', rotate }, index) => {
    if (rotate !== true) return;
    if (principal === '') {
      throw missing(`principals.${index}.principal`, 'An account whose password is changed must have a name');
    }
    accounts.set(principal, firstGiven(accounts.get(principal), passphrases[index] ?? ''));
  });
  return accounts;
}

/** One of the words, in any case; empty text is not given. */
export function oneOf<T extends string>(
  words: readonly T[],
  given: string | undefined,
  property: string,
  otherwise?: T,
): T {
  if ((given === undefined || given === '') && otherwise !== undefined) return otherwise;
  const found = words.find(word => word === required(given, property).toUpperCase());
  if (found !== undefined) return found;
  throw invalidField(property, `${property} must be one of ${words.join(', ')}`, 'VALUE_INCORRECT_FORMAT');
}

function required(given: string | undefined, property: string): string {
  if (given === undefined || given === '') throw missing(property, `${property} is required`);
  return given;
}
