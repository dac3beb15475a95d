import type { ImageLike } from '../images/load';
import { load_image } from '../images/load';
import type { RawImage } from '../images/picture';

/**
 * An image given to a pipeline.
 *
 * @param timeout Seconds it may take to arrive; absent, as long as it takes.
 * @throws {RangeError} If it takes longer.
 */
export async function pipelineImage(image: unknown, task: string, timeout: unknown): Promise<RawImage> {
  if (image === undefined || image === null) {
    throw new TypeError(`Cannot call the ${task} pipeline without an inputs argument!`);
  }
  const loading = load_image(image as ImageLike);
  if (timeout === undefined || timeout === null) {
    return loading;
  }
  if (typeof timeout !== 'number' || !(timeout > 0)) {
    throw new RangeError(
      `Cannot load the image as timeout must be a number of seconds above 0: current value is ${String(timeout)}`
    );
  }
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const error = new RangeError(`Cannot load the image as it must arrive within timeout: ${timeout} s have passed`);
    timer = setTimeout(() => reject(error), timeout * 1000);
  });
  return Promise.race([loading, late]).finally(() => clearTimeout(timer));
}
