"""Names of samplers and schedulers: what other tools call those of ComfyUI."""

from __future__ import annotations

# A1111's label and ComfyUI's name.
LABELS = {
    "Euler": "euler",
    "Euler a": "euler_ancestral",
    "LMS": "lms",
    "Heun": "heun",
    "DPM2": "dpm_2",
    "DPM2 a": "dpm_2_ancestral",
    "DPM++ 2S a": "dpmpp_2s_ancestral",
    "DPM++ 2M": "dpmpp_2m",
    "DPM++ SDE": "dpmpp_sde",
    "DPM++ 2M SDE": "dpmpp_2m_sde",
    "DPM++ 3M SDE": "dpmpp_3m_sde",
    "DPM fast": "dpm_fast",
    "DPM adaptive": "dpm_adaptive",
    "DDIM": "ddim",
    "DDPM": "ddpm",
    "UniPC": "uni_pc",
    "LCM": "lcm",
    "Restart": "restart",
}
SCHEDULES = {
    "Automatic": "normal",
    "Normal": "normal",
    "Karras": "karras",
    "Exponential": "exponential",
    "SGM Uniform": "sgm_uniform",
    "Simple": "simple",
    "DDIM": "ddim_uniform",
    "Beta": "beta",
    "KL Optimal": "kl_optimal",
}
# What InvokeAI, NovelAI and others write, folded.
_OTHERS = {
    "euler_a": "euler_ancestral",
    "k_euler": "euler",
    "k_euler_a": "euler_ancestral",
    "k_lms": "lms",
    "k_heun": "heun",
    "kdpm_2": "dpm_2",
    "kdpm_2_a": "dpm_2_ancestral",
    "k_dpm_2": "dpm_2",
    "k_dpm_2_a": "dpm_2_ancestral",
    "dpmpp_2s": "dpmpp_2s_ancestral",
    "k_dpm_adaptive": "dpm_adaptive",
    "k_dpm_fast": "dpm_fast",
    "ddim_v3": "ddim",
    "unipc": "uni_pc",
    "native": "normal",
    "automatic": "normal",
}
_BY_LABEL = {label.casefold(): name for label, name in LABELS.items()}
_BY_SCHEDULE = {label.casefold(): name for label, name in SCHEDULES.items()}
SAMPLERS = frozenset(LABELS.values()) | {
    "euler_cfg_pp",
    "euler_ancestral_cfg_pp",
    "heunpp2",
    "dpmpp_sde_gpu",
    "dpmpp_2m_sde_gpu",
    "dpmpp_3m_sde_gpu",
    "ipndm",
    "deis",
    "res_multistep",
    "er_sde",
    "uni_pc_bh2",
}
SCHEDULERS = frozenset(SCHEDULES.values()) | {"linear_quadratic"}


def sampler_of(label: str) -> tuple[str, str]:
    """ComfyUI's sampler and scheduler for another tool's label; "" for the scheduler if the label names none.

    A label that nobody knows stays as it is.
    """
    label = label.strip()
    if found := _BY_LABEL.get(label.casefold()):
        return found, ""
    head, _, last = label.rpartition(" ")
    if (found := _BY_LABEL.get(head.casefold())) and (schedule := _BY_SCHEDULE.get(last.casefold())):
        return found, schedule
    name = label.casefold().replace(" ", "_").replace("-", "_")
    schedule = ""
    if name.endswith(("_k", "_karras")):
        name, schedule = name.removesuffix("_karras").removesuffix("_k"), "karras"
    for candidate in (name, name.removeprefix("k_"), name.removeprefix("sample_")):
        if candidate in SAMPLERS:
            return candidate, schedule
        if candidate in _OTHERS:
            return _OTHERS[candidate], schedule
    return label, ""


def scheduler_of(label: str) -> str:
    """ComfyUI's scheduler for another tool's label; as it is if nobody knows it."""
    label = label.strip()
    folded = label.casefold()
    return _BY_SCHEDULE.get(folded) or _OTHERS.get(folded) or (folded if folded in SCHEDULERS else label)


def label_of(sampler: str) -> str:
    """What A1111 calls a sampler of ComfyUI; its own name if it has no other."""
    return next((label for label, name in LABELS.items() if name == sampler), sampler)


def schedule_label_of(scheduler: str) -> str:
    """What A1111 calls a scheduler of ComfyUI."""
    return next((label for label, name in SCHEDULES.items() if name == scheduler and label != "Automatic"), scheduler)
