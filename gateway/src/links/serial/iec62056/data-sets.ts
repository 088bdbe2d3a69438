/** One value of a data block: `1-0:1.8.0*255(000123.4*kWh)`. */
export interface DataSet {
  /** As it stands there; a further value of a line has that of the first. */
  readonly address: string;
  readonly value: string;
  /** Empty where there is none. */
  readonly unit: string;
}

/** A read-out has some hundred at the most; what comes beyond is left out. */
const DATA_SETS_MAX = 2_000;
const DATA_SET = /([^()/!\r\n]{0,32})\(([^()*/!\r\n]{0,128})(?:\*([^()/!\r\n]{0,16}))?\)/gy;

/** The data sets of a block, line by line as far as `!`. A line that is not made of them is left out. */
export const dataSetsOf = (block: string): readonly DataSet[] => {
  const [body = ''] = block.split('!', 1);
  const sets: DataSet[] = [];
  for (const line of body.split('\r\n')) {
    if (sets.length >= DATA_SETS_MAX) break;
    sets.push(...setsOf(line));
  }
  return sets.slice(0, DATA_SETS_MAX);
};

const setsOf = (line: string): readonly DataSet[] => {
  const sets: DataSet[] = [];
  let address = '';
  DATA_SET.lastIndex = 0;
  let end = 0;
  for (let found = DATA_SET.exec(line); found !== null; found = DATA_SET.exec(line)) {
    address = found[1] || address;
    sets.push({ address, value: found[2] ?? '', unit: found[3] ?? '' });
    end = DATA_SET.lastIndex;
  }
  return end === line.length ? sets : [];
};
