/* Between libvpx and Rust. The structs of libvpx change from version to version and its controls are macros, so they
   stay on this side, where the header of the installed version rules; Rust sees pointers and numbers. */
#include <stdlib.h>
#include <string.h>
#include <vpx/vp8cx.h>
#include <vpx/vp8dx.h>
#include <vpx/vpx_decoder.h>
#include <vpx/vpx_encoder.h>

typedef struct {
    vpx_codec_ctx_t codec;
    vpx_codec_enc_cfg_t settings;
    int64_t time;
} encoder_t;

void calls_vpx_encoder_free(encoder_t *encoder) {
    if (encoder) {
        vpx_codec_destroy(&encoder->codec);
        free(encoder);
    }
}

encoder_t *calls_vpx_encoder_new(unsigned width, unsigned height, unsigned kilobits, int speed) {
    encoder_t *encoder = calloc(1, sizeof *encoder);
    if (!encoder) return NULL;
    vpx_codec_enc_cfg_t *cfg = &encoder->settings;
    if (vpx_codec_enc_config_default(vpx_codec_vp8_cx(), cfg, 0)) {
        free(encoder);
        return NULL;
    }
    cfg->g_w = width;
    cfg->g_h = height;
    cfg->g_timebase.num = 1;
    cfg->g_timebase.den = 90000;
    cfg->g_threads = 1;
    cfg->g_lag_in_frames = 0;
    cfg->g_error_resilient = VPX_ERROR_RESILIENT_DEFAULT;
    cfg->g_pass = VPX_RC_ONE_PASS;
    /* As libwebrtc has it: a constant rate, a second of buffer, and a picture left out rather than one that is late. */
    cfg->rc_end_usage = VPX_CBR;
    cfg->rc_target_bitrate = kilobits;
    cfg->rc_min_quantizer = 2;
    cfg->rc_max_quantizer = 56;
    cfg->rc_undershoot_pct = 100;
    cfg->rc_overshoot_pct = 15;
    cfg->rc_buf_initial_sz = 500;
    cfg->rc_buf_optimal_sz = 600;
    cfg->rc_buf_sz = 1000;
    cfg->rc_dropframe_thresh = 30;
    cfg->rc_resize_allowed = 0;
    /* Key frames are made when somebody asks. */
    cfg->kf_mode = VPX_KF_DISABLED;
    if (vpx_codec_enc_init(&encoder->codec, vpx_codec_vp8_cx(), cfg, 0)) {
        free(encoder);
        return NULL;
    }
    vpx_codec_ctx_t *codec = &encoder->codec;
    if (vpx_codec_control(codec, VP8E_SET_CPUUSED, speed) ||
        vpx_codec_control(codec, VP8E_SET_STATIC_THRESHOLD, 1) ||
        vpx_codec_control(codec, VP8E_SET_ENABLEAUTOALTREF, 0) ||
        vpx_codec_control(codec, VP8E_SET_TOKEN_PARTITIONS, VP8_ONE_TOKENPARTITION) ||
        /* A key frame of at most six ordinary ones. */
        vpx_codec_control(codec, VP8E_SET_MAX_INTRA_BITRATE_PCT, 600)) {
        calls_vpx_encoder_free(encoder);
        return NULL;
    }
    return encoder;
}

int calls_vpx_encoder_bitrate(encoder_t *encoder, unsigned kilobits) {
    encoder->settings.rc_target_bitrate = kilobits;
    return vpx_codec_enc_config_set(&encoder->codec, &encoder->settings);
}

/* The planes are tight: rows of width, and of half of it rounded up. What comes out is libvpx's until the next call.
   Its length is zero if the picture was left out. */
int calls_vpx_encode(encoder_t *encoder, const uint8_t *planes, unsigned ticks, int key, const uint8_t **out,
                     size_t *length, int *is_key) {
    vpx_image_t image;
    *out = NULL;
    *length = 0;
    *is_key = 0;
    if (!vpx_img_wrap(&image, VPX_IMG_FMT_I420, encoder->settings.g_w, encoder->settings.g_h, 1,
                      (unsigned char *)planes)) {
        return 1;
    }
    unsigned width = encoder->settings.g_w, height = encoder->settings.g_h;
    size_t luma = (size_t)width * height;
    unsigned half = (width + 1) / 2;
    image.planes[VPX_PLANE_Y] = (unsigned char *)planes;
    image.planes[VPX_PLANE_U] = (unsigned char *)planes + luma;
    image.planes[VPX_PLANE_V] = (unsigned char *)planes + luma + (size_t)half * ((height + 1) / 2);
    image.stride[VPX_PLANE_Y] = (int)width;
    image.stride[VPX_PLANE_U] = image.stride[VPX_PLANE_V] = (int)half;
    vpx_enc_frame_flags_t flags = key ? VPX_EFLAG_FORCE_KF : 0;
    int64_t time = encoder->time;
    encoder->time += ticks;
    if (vpx_codec_encode(&encoder->codec, &image, time, ticks, flags, VPX_DL_REALTIME)) return 1;
    vpx_codec_iter_t iter = NULL;
    const vpx_codec_cx_pkt_t *packet;
    while ((packet = vpx_codec_get_cx_data(&encoder->codec, &iter))) {
        if (packet->kind == VPX_CODEC_CX_FRAME_PKT) {
            *out = packet->data.frame.buf;
            *length = packet->data.frame.sz;
            *is_key = (packet->data.frame.flags & VPX_FRAME_IS_KEY) != 0;
        }
    }
    return 0;
}

vpx_codec_ctx_t *calls_vpx_decoder_new(void) {
    vpx_codec_ctx_t *codec = calloc(1, sizeof *codec);
    vpx_codec_dec_cfg_t settings;
    memset(&settings, 0, sizeof settings);
    settings.threads = 1;
    if (codec && vpx_codec_dec_init(codec, vpx_codec_vp8_dx(), &settings, 0)) {
        free(codec);
        return NULL;
    }
    return codec;
}

void calls_vpx_decoder_free(vpx_codec_ctx_t *codec) {
    if (codec) {
        vpx_codec_destroy(codec);
        free(codec);
    }
}

/* Zero, and planes that are libvpx's until the next call; the first is null if there is nothing to be shown. */
int calls_vpx_decode(vpx_codec_ctx_t *codec, const uint8_t *data, unsigned length, const uint8_t *planes[3],
                     int strides[3], unsigned *width, unsigned *height) {
    planes[0] = NULL;
    if (vpx_codec_decode(codec, data, length, NULL, 0)) return 1;
    int corrupted = 0;
    if (vpx_codec_control(codec, VP8D_GET_FRAME_CORRUPTED, &corrupted) || corrupted) return 1;
    vpx_codec_iter_t iter = NULL;
    vpx_image_t *image = vpx_codec_get_frame(codec, &iter);
    if (!image) return 0;
    if (image->fmt != VPX_IMG_FMT_I420) return 1;
    for (int plane = 0; plane < 3; plane++) {
        planes[plane] = image->planes[plane];
        strides[plane] = image->stride[plane];
    }
    *width = image->d_w;
    *height = image->d_h;
    return 0;
}
