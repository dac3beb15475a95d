import { readJson } from '../host/read';
import type { ImageProcessor } from '../images/image-processor';
import { imageProcessorFrom } from '../images/image-processors';
import { CLIPProcessor, Processor } from '../images/processor';
import { AutoTokenizer } from './auto-tokenizer';
import type { PretrainedOptions } from './load';
import { readRawConfig, resolveModel } from './load';

/** Reads image processors from preprocessor_config.json. */
export class AutoImageProcessor {
  /**
   * @param name Folder or repository id.
   * @returns The image processor its preprocessor_config.json describes.
   * @throws {RangeError} If there is none.
   */
  static async from_pretrained(name: string, options: PretrainedOptions = {}): Promise<ImageProcessor> {
    const folder = await resolveModel(name, options);
    const raw = await readJson(folder, 'preprocessor_config.json', options.signal);
    if (typeof raw !== 'object' || raw === null) {
      throw new RangeError(`Cannot load an image processor from ${folder.name} as it must contain preprocessor_config.json: there is none`);
    }
    const { model_type } = await readRawConfig(folder, options).catch(() => ({}) as Record<string, unknown>);
    return imageProcessorFrom(raw as Record<string, unknown>, typeof model_type === 'string' ? model_type : undefined);
  }
}

/** Reads whatever prepares a model's inputs: tokenizer and image processor together, or the one there is. */
export class AutoProcessor {
  /**
   * @param name Folder or repository id.
   * @returns A processor; a tokenizer for text models, an image processor for vision models.
   */
  static async from_pretrained(name: string, options: PretrainedOptions = {}): Promise<unknown> {
    const folder = await resolveModel(name, options);
    const hasImages = (await folder.open('preprocessor_config.json')) !== undefined;
    if (!hasImages) {
      return AutoTokenizer.fromFolder(folder, name, options);
    }
    const images = await AutoImageProcessor.from_pretrained(name, options);
    const tokenizer = await AutoTokenizer.fromFolder(folder, name, options).catch(() => undefined);
    if (!tokenizer) {
      return images;
    }
    const { model_type } = await readRawConfig(folder, options).catch(() => ({}) as Record<string, unknown>);
    const Class = model_type === 'clip' ? CLIPProcessor : Processor;
    return new Class(images, tokenizer as never);
  }
}
