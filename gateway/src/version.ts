/** Of this program, as `--version`, the API and the gateway's retained status say it. */
export const VERSION = '0.1.0';
