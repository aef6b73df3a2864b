import { isWithin, parseMasks } from './address-masks.ts';

/** Admits machines to register themselves, and says as whom they act (contract secret-server.md 9). */
export interface SdkClientRule {
  readonly id: number;
  readonly name: string;
  /** Addresses and CIDR blocks, apart by commas or blanks. Empty: no address at all. */
  readonly details: string;
  readonly user: RuleUser | null;
  readonly requiresKey: boolean;
  /** Digest of the onboarding key; null: none was made. */
  readonly keyHash: Buffer | null;
}

/** The application account that the rule's machines act as. */
export interface RuleUser {
  readonly id: string;
  readonly number: number;
  readonly username: string;
}

/** A machine that registered itself by a rule. */
export interface SdkClient {
  readonly id: number;
  /** Made by the machine. */
  readonly clientId: string;
  readonly secretHash: Buffer;
  readonly name: string;
  readonly description: string;
  readonly ipAddress: string;
  readonly revokedAt: Date | null;
  readonly rule: SdkClientRule;
}

const masksOf = (details: string): string[] => details.split(/[\s,;]+/).filter(mask => mask !== '');

export const isAddressList = (details: string): boolean => parseMasks(masksOf(details)) !== undefined;

/** False also for what cannot be read: nobody is admitted by accident. */
export function admitsAddress({ details }: Pick<SdkClientRule, 'details'>, address: string): boolean {
  const networks = parseMasks(masksOf(details));
  return networks !== undefined && isWithin(networks, address);
}
