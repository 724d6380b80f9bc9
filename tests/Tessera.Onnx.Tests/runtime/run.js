// Runs a model once: node run.js MODEL INPUT float32|int64 SIZE,SIZE,... OUT
// INPUT holds the elements of the model's one input; each output is written to OUT/NAME, and its type and sizes are printed.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const [model, input, type, sizes, out] = process.argv.slice(2);
const bytes = new Uint8Array(readFileSync(input)).buffer;
const elements = type === 'int64' ? new BigInt64Array(bytes) : new Float32Array(bytes);
const session = await InferenceSession.create(model, { logSeverityLevel: 3 });
const results = await session.run({ [session.inputNames[0]]: new Tensor(type, elements, sizes.split(',').map(Number)) });
for (const [name, { type, dims, data }] of Object.entries(results)) {
  writeFileSync(join(out, name), new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  console.log(`${name} ${type} ${dims.join(',')}`);
}
