// @ts-check
import { followEvents } from './events.js';
import { createMeterReadings } from './meter-readings.js';
import { createMeterTable } from './meters.js';
import { showGateway, showHealth, showOverview } from './overview.js';
import { createVoucherList } from './vouchers.js';

/** @typedef {import('../../http/live-feed.ts').LiveSnapshot} LiveSnapshot */
/** @typedef {import('../../http/live-feed.ts').LiveOverview} LiveOverview */
/** @typedef {import('../../http/services.ts').GatewayIdentity} GatewayIdentity */
/** @typedef {import('../../http/delta-buffer.ts').Delta} Delta */

const vouchers = createVoucherList();
const readings = createMeterReadings();
const meters = createMeterTable(readings.open);

followEvents({
  onConnected(connected) {
    if (!connected)
      showHealth('lost', [
        { message: 'The page connects again by itself; what is shown may be out of date.' },
      ]);
  },
  onEvent(event, data) {
    switch (event) {
      case 'snapshot': {
        const snapshot = /** @type {LiveSnapshot & { gateway: GatewayIdentity }} */ (data);
        showGateway(snapshot.gateway);
        showOverview(snapshot.overview);
        vouchers.reset(snapshot.vouchers);
        meters.load();
        break;
      }
      case 'overview':
        showOverview(/** @type {LiveOverview} */ (data));
        break;
      case 'delta': {
        const delta = /** @type {Delta} */ (data);
        vouchers.update(delta.vouchers);
        meters.update(delta.meters);
        meters.outdated(delta.stale ? 'all' : new Set(delta.vouchers.map((voucher) => voucher.meterId)));
        break;
      }
      default:
        break;
    }
  },
});
