const QOS_1_HEADER = 0x32;
const MAX_PACKET_ID = 65_535;

/** A QoS 1 PUBLISH as one buffer (MQTT 3.1.1 section 3.3). */
export const publishPacket = (topic: string, packetId: number, payload: Uint8Array): Buffer => {
  const topicBytes = Buffer.byteLength(topic);
  const remaining = 2 + topicBytes + 2 + payload.length;
  const packet = Buffer.allocUnsafe(1 + lengthBytes(remaining) + remaining);
  packet[0] = QOS_1_HEADER;
  let at = writeLength(packet, remaining);
  at = packet.writeUInt16BE(topicBytes, at);
  at += packet.write(topic, at);
  at = packet.writeUInt16BE(packetId, at);
  packet.set(payload, at);
  return packet;
};

/** Packet ids go round from 1 to 65,535; 0 is none (section 2.3.1). */
export const nextPacketId = (id: number): number => (id >= MAX_PACKET_ID ? 1 : id + 1);

const lengthBytes = (value: number): number =>
  value < 128 ? 1 : value < 16_384 ? 2 : value < 2_097_152 ? 3 : 4;

const writeLength = (packet: Buffer, value: number): number => {
  let at = 1;
  let rest = value;
  while (rest >= 128) {
    packet[at++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  packet[at++] = rest;
  return at;
};
