/** The image processors by name: what differs between them is their defaults. */
import { ImageProcessor } from './image-processor';
import type { ImageProcessorOptions, ImageSettings } from './image-processor';
import { padToSquare } from './pixels';
import type { Pixels } from './pixels';
import { Resampling } from './resample';

/** OpenAI's means and deviations per channel. */
export const OPENAI_CLIP_MEAN = [0.48145466, 0.4578275, 0.40821073] as const;
export const OPENAI_CLIP_STD = [0.26862954, 0.26130258, 0.27577711] as const;
/** Those of ImageNet. */
export const IMAGENET_DEFAULT_MEAN = [0.485, 0.456, 0.406] as const;
export const IMAGENET_DEFAULT_STD = [0.229, 0.224, 0.225] as const;
const half = [0.5, 0.5, 0.5] as const;

/**
 * CLIP: short side to 224 (bicubic), the middle 224 x 224, CLIP's means.
 * @see transformers/models/clip/image_processing_pil_clip.py
 */
export class CLIPImageProcessor extends ImageProcessor {
  protected static override readonly defaults: ImageProcessorOptions = {
    do_convert_rgb: true,
    do_resize: true,
    size: { shortest_edge: 224 },
    default_to_square: false,
    resample: Resampling.BICUBIC,
    do_center_crop: true,
    crop_size: { height: 224, width: 224 },
    do_rescale: true,
    do_normalize: true,
    image_mean: OPENAI_CLIP_MEAN,
    image_std: OPENAI_CLIP_STD
  };
}

/**
 * ViT: squashed to 224 x 224 (bilinear), means and deviations 0.5. Images are not converted to RGB unless asked for, as
 * in Python: bytes of a grey or transparent picture need `do_convert_rgb: true`.
 * @see transformers/models/vit/image_processing_pil_vit.py
 */
export class ViTImageProcessor extends ImageProcessor {
  protected static override readonly defaults: ImageProcessorOptions = {
    do_resize: true,
    size: { height: 224, width: 224 },
    resample: Resampling.BILINEAR,
    do_rescale: true,
    do_normalize: true,
    image_mean: half,
    image_std: half
  };
}

/**
 * SigLIP: squashed to 224 x 224 (bicubic), means and deviations 0.5.
 * @see transformers/models/siglip/image_processing_pil_siglip.py
 */
export class SiglipImageProcessor extends ImageProcessor {
  protected static override readonly defaults: ImageProcessorOptions = {
    do_convert_rgb: true,
    do_resize: true,
    size: { height: 224, width: 224 },
    default_to_square: false,
    resample: Resampling.BICUBIC,
    do_rescale: true,
    do_normalize: true,
    image_mean: half,
    image_std: half
  };
}

/**
 * LLaVA's: CLIP's, with `do_pad` filling the picture up to a square in the mean colour first.
 * @see transformers/models/llava/image_processing_pil_llava.py
 */
export class LlavaImageProcessor extends CLIPImageProcessor {
  protected override process(image: Pixels, settings: ImageSettings): Pixels {
    const { image_mean: mean } = settings;
    const colour = (c: number): number => Math.trunc((typeof mean === 'number' ? mean : (mean[c] ?? 0)) * 255);
    return super.process(settings.do_pad ? padToSquare(image, colour) : image, settings);
  }
}

/** `image_processor_type` (or the older `feature_extractor_type`) → class. */
export const imageProcessorClasses: Readonly<Record<string, typeof ImageProcessor>> = {
  CLIPImageProcessor,
  CLIPFeatureExtractor: CLIPImageProcessor,
  CLIPImageProcessorFast: CLIPImageProcessor,
  ViTImageProcessor,
  ViTFeatureExtractor: ViTImageProcessor,
  ViTImageProcessorFast: ViTImageProcessor,
  SiglipImageProcessor,
  SiglipImageProcessorFast: SiglipImageProcessor,
  LlavaImageProcessor,
  LlavaImageProcessorFast: LlavaImageProcessor
};

/** `model_type` → class, for folders whose preprocessor_config.json names none. */
export const imageProcessorOfModel: Readonly<Record<string, typeof ImageProcessor>> = {
  clip: CLIPImageProcessor,
  vit: ViTImageProcessor,
  siglip: SiglipImageProcessor,
  llava: CLIPImageProcessor
};

/**
 * Makes the processor a preprocessor_config.json asks for.
 *
 * @param config The file's content.
 * @param modelType `model_type` of config.json, asked when the file names no class.
 * @throws {TypeError} If no class is known by that name.
 */
export function imageProcessorFrom(config: Readonly<Record<string, unknown>>, modelType?: string): ImageProcessor {
  const name = config.image_processor_type ?? config.feature_extractor_type;
  const cls = typeof name === 'string' ? imageProcessorClasses[name] : modelType && imageProcessorOfModel[modelType];
  if (!cls) {
    throw new TypeError(
      'Cannot make an image processor as image_processor_type must be known: current value is ' +
        `${JSON.stringify(name ?? null)}; ` +
        `known are ${Object.keys(imageProcessorClasses).join(', ')}`
    );
  }
  const { image_processor_type: _i, feature_extractor_type: _f, processor_class: _p, ...options } = config;
  return new cls(options);
}
