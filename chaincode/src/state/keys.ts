const KEPT = ['VCH~', 'DEP~', 'PTY~', 'ACC~', 'ORP~', 'ORD~', 'BRK~', 'COL~', 'POL~'];

/** Whether the history of a key is worth keeping: not for postings and requests (written once) nor meters (hot; their vouchers tell). */
export const historyKept = (key: string): boolean => KEPT.some((prefix) => key.startsWith(prefix));
