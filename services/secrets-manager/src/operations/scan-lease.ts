/** For how long a replica that is gone keeps others from a scan. */
export const SCAN_LEASE_MS = 60_000;

/** Another replica has the scan since, or the domain was switched off or deleted. */
export class ScanLost extends Error {
  override readonly name = 'ScanLost';

  constructor() {
    super('the scan is no longer ours');
  }
}
